/** The calls and answers that no emulator produces: moto lacks BatchUpdateFindings. */
import {
  BatchUpdateFindingsCommand,
  GetFindingsCommand,
  SecurityHubClient,
} from '@aws-sdk/client-securityhub';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { NoteError, noteOn } from '../../../lib/remediation/custom-actions/notes.ts';
import { finding } from './events.ts';

const hub = mockClient(SecurityHubClient);
const client = new SecurityHubClient({ region: 'eu-central-1' });
const named = { id: finding.Id, productArn: finding.ProductArn, account: finding.AwsAccountId };
const author = 'Trailseal (dev)';

/** Security Hub with this finding, and the note that it has. */
function tagged(note?: { Text: string; UpdatedBy: string; UpdatedAt: string }): void {
  const found = { ...finding, ...(note === undefined ? {} : { Note: note }) };
  const other = {
    ...finding,
    Id: `${finding.Id}-other`,
    Note: { Text: 'no', UpdatedBy: 'x', UpdatedAt: '' },
  };
  hub.on(GetFindingsCommand).resolves({ Findings: [other, found] as never });
}

const written = () => hub.commandCalls(BatchUpdateFindingsCommand).map(({ args: [{ input }] }) => input);

beforeEach(() => {
  hub.reset();
  hub.on(BatchUpdateFindingsCommand).resolves({ ProcessedFindings: [], UnprocessedFindings: [] });
  tagged();
});

describe('a note on a finding', () => {
  it('is written to that finding, in Trailseal’s name, and nothing else of it', async () => {
    expect(await noteOn(client, named, ['Done.'], author)).toBe('noted');
    expect(written()).toEqual([
      {
        FindingIdentifiers: [{ Id: finding.Id, ProductArn: finding.ProductArn }],
        Note: { Text: 'Done.', UpdatedBy: author },
      },
    ]);
  });

  it('keeps what an operator wrote', async () => {
    tagged({ Text: 'Ask first.', UpdatedBy: 'ana', UpdatedAt: '2026-11-21T09:00:00Z' });
    await noteOn(client, named, ['Done.'], author);
    expect(written()[0]?.Note?.Text).toBe('Done. | Before: ana: Ask first.');
  });

  it('tells several news at once, the last of them first', async () => {
    tagged({ Text: 'Ask first.', UpdatedBy: 'ana', UpdatedAt: '2026-11-21T09:00:00Z' });
    await noteOn(client, named, ['Ordered.', 'Done.'], author);
    expect(written().map(({ Note }) => Note?.Text)).toEqual([
      'Done. | Before: Ordered. | Before: ana: Ask first.',
    ]);
  });

  it('is not written twice', async () => {
    tagged({ Text: 'Done.', UpdatedBy: author, UpdatedAt: '2026-11-21T09:00:00Z' });
    expect(await noteOn(client, named, ['Done.'], author)).toBe('noted-before');
    expect(written()).toEqual([]);
  });

  it('on what Security Hub does not have is none', async () => {
    hub.on(GetFindingsCommand).resolves({ Findings: [] });
    expect(await noteOn(client, named, ['Done.'], author)).toBe('not-there');
    expect(written()).toEqual([]);
  });

  it('on what goes meanwhile is none', async () => {
    hub.on(BatchUpdateFindingsCommand).resolves({
      ProcessedFindings: [],
      UnprocessedFindings: [
        {
          FindingIdentifier: { Id: finding.Id, ProductArn: finding.ProductArn },
          ErrorCode: 'FindingNotFound',
          ErrorMessage: 'Finding Not Found',
        },
      ],
    });
    expect(await noteOn(client, named, ['Done.'], author)).toBe('not-there');
  });

  it('that Security Hub does not take rejects, so that it is tried again', async () => {
    hub.on(BatchUpdateFindingsCommand).resolves({
      ProcessedFindings: [],
      UnprocessedFindings: [
        {
          FindingIdentifier: { Id: finding.Id, ProductArn: finding.ProductArn },
          ErrorCode: 'ConcurrentUpdateError',
          ErrorMessage: 'Concurrent finding updates detected',
        },
      ],
    });
    await expect(noteOn(client, named, ['Done.'], author)).rejects.toThrow(/ConcurrentUpdateError/);
  });

  it('is not written over what could not be read', async () => {
    hub
      .on(GetFindingsCommand)
      .rejects(Object.assign(new Error('slow down'), { name: 'ThrottlingException' }));
    await expect(noteOn(client, named, ['Done.'], author)).rejects.toThrow(NoteError);
    expect(written()).toEqual([]);
  });
});
