import { expect, test } from 'vitest';
import { find, findAll, readXml } from '../../../daemon/hosts/xml.ts';

test('elements, attributes, text, entities', () => {
  const root = readXml(
    '<?xml version="1.0" ?>\n<!DOCTYPE a SYSTEM "b.dtd">\n<a x="1"><b> one &amp; &lt;two&gt; </b><b/><!-- <b>no</b> --><c><d>3</d></c></a>',
  );
  expect(root).toMatchObject({ name: '', text: '', children: [{ name: 'a', attributes: ' x="1"', text: '' }] });
  expect(findAll(root, 'b').map(({ text }) => text)).toEqual(['one & <two>', '']);
  expect(find(root, 'a/c/d')?.text).toBe('3');
  expect(find(root, 'a/d')).toBeNull();
});

test('what stands outside belongs to nobody inside', () => {
  const root = readXml('Unable to read one\n<a>\nlost: two\n<b>1</b></a>\nand three');
  expect(root.text.split(/\s*\n\s*/)).toEqual(['Unable to read one', 'and three']);
  expect(find(root, 'a')?.text).toBe('lost: two');
});

test.each([
  ['bare signs', '<a><b>if x<3 && y>2</b><c>1</c></a>'],
  ['an end that is missing', '<a><b>if x<3 && y>2<c>1</c></a>'],
  ['an end of nothing', '<a></x><b>if x<3 && y>2</z></b><c>1</c></a>'],
  ['a report cut short', '<a><c>1'],
])('%s', (_, source) => {
  expect(findAll(readXml(source), 'c').map(({ text }) => text)).toEqual(['1']);
});

test('rubbish is text', () => {
  expect(readXml('a < b > c')).toMatchObject({ text: 'a < b > c', children: [] });
  expect(readXml('')).toMatchObject({ text: '', children: [] });
});
