import { expect, it } from 'vitest';
import { putAndWait } from '../../bench/throughput.ts';
import { stack } from './deployed-stack.ts';

it('loses none of a hundred events at once', async () => {
  expect(await putAndWait(stack, 100)).toMatchObject({ events: 100, lost: 0, findings: 100 });
});
