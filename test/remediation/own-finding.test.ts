/** Findings in Security Hub that have the id of one of ours, and are of another account or product. */
import {
  BatchUpdateFindingsCommand,
  GetFindingsCommand,
  SecurityHubClient,
} from '@aws-sdk/client-securityhub';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { productArnOf } from '../../lib/findings/id.ts';
import { noteOn } from '../../lib/remediation/custom-actions/notes.ts';
import { workflowOf } from '../../lib/remediation/workflow.ts';
import { finding } from './custom-actions/events.ts';

const hub = mockClient(SecurityHubClient);
const client = new SecurityHubClient({ region: 'eu-central-1' });
const own = { id: finding.Id, productArn: finding.ProductArn, account: finding.AwsAccountId };
const region = 'eu-central-1';

/** What else may have the same id, and Security Hub's answer whatever the filters say. */
const others = [
  ['another account', { AwsAccountId: '444455556666' }],
  ['the product of another account', { ProductArn: productArnOf({ account: '444455556666', region }) }],
  ['another Region', { ProductArn: productArnOf({ account: finding.AwsAccountId, region: 'us-east-1' }) }],
  [
    'another product, though it calls itself Trailseal',
    { ProductArn: `arn:aws:securityhub:${region}::product/evil/trailseal`, ProductName: 'Trailseal' },
  ],
] as const;

function answering(...findings: readonly object[]): void {
  hub.on(GetFindingsCommand).resolves({ Findings: findings as never });
}

beforeEach(() => {
  hub.reset();
  hub.on(BatchUpdateFindingsCommand).resolves({ ProcessedFindings: [], UnprocessedFindings: [] });
});

describe('a finding with the same id', () => {
  it.each(others)('of %s suppresses nothing', async (_what, changes) => {
    answering({ ...finding, ...changes, Workflow: { Status: 'SUPPRESSED' } });
    expect(await workflowOf(client, own)).toEqual({ status: 'NEW' });
  });

  it.each(others)('of %s does not answer for ours, which is suppressed', async (_what, changes) => {
    answering(
      { ...finding, ...changes, Workflow: { Status: 'NEW' } },
      { ...finding, Workflow: { Status: 'SUPPRESSED' } },
    );
    expect(await workflowOf(client, own)).toEqual({ status: 'SUPPRESSED' });
  });

  it.each(others)('of %s gets none of its notes', async (_what, changes) => {
    answering({ ...finding, ...changes });
    expect(await noteOn(client, own, ['Done.'], 'Trailseal (dev)')).toBe('not-there');
    expect(hub.commandCalls(BatchUpdateFindingsCommand)).toEqual([]);
  });

  it('is not asked for: the product’s ARN and the account are part of the question', async () => {
    answering();
    await workflowOf(client, own);
    expect(hub.commandCalls(GetFindingsCommand)[0]?.args[0].input.Filters).toEqual({
      Id: [{ Value: finding.Id, Comparison: 'EQUALS' }],
      ProductArn: [{ Value: finding.ProductArn, Comparison: 'EQUALS' }],
      AwsAccountId: [{ Value: finding.AwsAccountId, Comparison: 'EQUALS' }],
    });
  });
});
