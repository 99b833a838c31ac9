import assert from 'node:assert/strict';
import { test } from 'node:test';

import { total } from './total.js';

test('the total of a cart', () => {
  assert.equal(
    total([
      { cents: 250, count: 2 },
      { cents: 100, count: 1 },
    ]),
    600,
  );
  assert.equal(total([]), 0);
});
