/**
 * A developer's way to run a function: `sls invoke local`, from the sources and with an event in a file, without a
 * queue. It reads AWS, writes the state table and tells Security Hub as the deployed function does.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { at } from '../../lib/core/json.ts';
import { env, stack } from './account.ts';
import { sls } from './deployment.ts';
import { createVolume } from './resources.ts';
import { event, findingsAbout } from './stack.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'trailseal-event-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** What the function answers, which is the last thing that is printed. */
async function invoke(name: string, file: string): Promise<unknown> {
  const { out } = await sls(['invoke', 'local', '--function', name, '--path', file], env);
  return JSON.parse(out.slice(out.search(/^\[$/m)));
}

describe('sls invoke local', () => {
  it.each([
    ['eks', 'events/eks-audit-logging/fail-off-by-default.json'],
    ['kms', 'events/kms-key-deletion/fail-scheduled.json'],
  ])(
    'hands a sample to the function %s, which leaves what happened in another account',
    async (name, file) => {
      expect(await invoke(name, file)).toMatchObject([
        { results: [], ignored: [{ delivery: 'invocation', reason: 'other-account-or-region' }] },
      ]);
    },
  );

  it('prints what came of an event in this account, and has it in Security Hub', async () => {
    const id = await createVolume(stack, false);
    const { source, detailType, detail } = event(
      'ec2-volume-encryption/fail-create-volume-from-plain-snapshot',
      { 'vol-0a1b2c3d4e5f60002': id },
    );
    const file = path.join(folder, 'event.json');
    writeFileSync(file, JSON.stringify({ source, 'detail-type': detailType, detail }));
    const answer = await invoke('ec2', file);
    expect(at(answer, 0, 'results')).toMatchObject([
      { control: 'ec2-volume-encryption', resource: id, outcome: 'FAIL' },
    ]);
    expect(await findingsAbout(stack, id)).toEqual(['ec2-volume-encryption FAILED ACTIVE']);
  });
});
