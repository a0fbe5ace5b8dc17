"""Tries the trained model on the flowers it has not seen, and writes what came of it."""

import json
from pathlib import Path

import model

trained = json.loads(Path('checkpoint/model.json').read_text())
flowers, names = model.read('dataset/test.csv')
guesses = [model.predict(trained, flower) for flower in flowers]
species = trained['species']

right = sum(guess == name for guess, name in zip(guesses, names))
lines = [f'accuracy on the test set: {right} of {len(names)} ({right / len(names):.1%})', '']
lines += [f'{"":<12}' + ''.join(f'{"→ " + each:>14}' for each in species)]
for actual in species:
    counts = [sum(name == actual and guess == each for name, guess in zip(names, guesses)) for each in species]
    lines += [f'{actual:<12}' + ''.join(f'{count:>14}' for count in counts)]

text = '\n'.join(lines) + '\n'
Path('report/report.txt').write_text(text, encoding='utf-8')
print(text, end='')
