"""Fits a softmax regression to the training set by stochastic gradient descent and saves a checkpoint."""

import argparse
import json
import math
import random
import statistics
from pathlib import Path

import model

options = argparse.ArgumentParser()
options.add_argument('--epochs', type=int, default=600)
options.add_argument('--rate', type=float, default=0.02)
options = options.parse_args()

flowers, names = model.read('dataset/train.csv')
species = sorted(set(names))
means = [statistics.fmean(column) for column in zip(*flowers)]
deviations = [statistics.pstdev(column) for column in zip(*flowers)]
samples = [(model.standardize(flower, means, deviations), species.index(name)) for flower, name in zip(flowers, names)]
print(f'{len(samples)} flowers, {len(species)} species, {options.epochs} epochs')

weights = [[0.0] * len(means) for _ in species]
biases = [0.0] * len(species)
history = []
shuffle = random.Random(7).shuffle
for epoch in range(1, options.epochs + 1):
    shuffle(samples)
    loss = 0.0
    right = 0
    for features, wanted in samples:
        chances = model.probabilities(weights, biases, features)
        loss -= math.log(chances[wanted])
        right += chances[wanted] == max(chances)
        for each, chance in enumerate(chances):
            step = options.rate * (chance - (each == wanted))
            biases[each] -= step
            row = weights[each]
            for i, value in enumerate(features):
                row[i] -= step * value
    history.append({'epoch': epoch, 'loss': loss / len(samples), 'accuracy': right / len(samples)})
    if epoch % max(1, options.epochs // 12) == 0 or epoch == options.epochs:
        done = 24 * epoch // options.epochs
        print(f'epoch {epoch:>4}  [{"#" * done:<24}]  loss {loss / len(samples):.4f}  accuracy {right / len(samples):.1%}', flush=True)

checkpoint = Path('checkpoint')
model_file = checkpoint / 'model.json'
model_file.write_text(json.dumps({'species': species, 'means': means, 'deviations': deviations, 'weights': weights, 'biases': biases}, indent=2))
(checkpoint / 'history.json').write_text(json.dumps(history))
print(f'saved {model_file}')
