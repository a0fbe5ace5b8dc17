"""Splits the flowers into a training and a test set, each species in the same proportion. Always the same split."""

import csv
import json
import random
import sys
from pathlib import Path

columns = ['sepal length', 'sepal width', 'petal length', 'petal width', 'species']
output = Path('dataset')

rows = json.loads(Path(sys.argv[1]).read_text())
print(f'{len(rows)} flowers in {sys.argv[1]}')

training, test = [], []
shuffle = random.Random(7).shuffle
for species in sorted({row[-1] for row in rows}):
    flowers = [row for row in rows if row[-1] == species]
    shuffle(flowers)
    half = len(flowers) // 2
    test += flowers[:half]
    training += flowers[half:]
    print(f'  {species:<12}{len(flowers) - half:>4} to train{half:>5} to test')

for name, part in ('train.csv', training), ('test.csv', test):
    with open(output / name, 'w', newline='') as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(part)
    print(f'wrote {output / name}')
