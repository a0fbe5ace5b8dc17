"""A softmax regression in plain Python: what `train` fits and `report` uses."""

import csv
import math


def read(path):
    """The measurements and the species of each flower in a CSV file."""
    with open(path, newline='') as file:
        rows = list(csv.reader(file))[1:]
    return [[float(value) for value in row[:-1]] for row in rows], [row[-1] for row in rows]


def standardize(features, means, deviations):
    return [(value - mean) / deviation for value, mean, deviation in zip(features, means, deviations)]


def probabilities(weights, biases, features):
    scores = [bias + sum(w * x for w, x in zip(row, features)) for row, bias in zip(weights, biases)]
    highest = max(scores)
    powers = [math.exp(score - highest) for score in scores]
    total = sum(powers)
    return [power / total for power in powers]


def predict(model, features):
    """The species that a trained model holds most likely."""
    chances = probabilities(model['weights'], model['biases'], standardize(features, model['means'], model['deviations']))
    return model['species'][chances.index(max(chances))]
