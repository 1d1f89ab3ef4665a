/** Reading and writing the notes on findings in Security Hub. */
import {
  type AwsSecurityFindingIdentifier,
  BatchUpdateFindingsCommand,
  type SecurityHubClient,
} from '@aws-sdk/client-securityhub';
import { reasonOf } from '../../aws/reason.ts';
import { type FindingIdentifier, readFinding } from '../own-finding.ts';
import { type FindingNote, withNews } from './note-text.ts';

/** The IAM actions that a note needs. */
export const notePermissions = {
  read: 'securityhub:GetFindings',
  write: 'securityhub:BatchUpdateFindings',
} as const;

/** Security Hub did not take a note. */
export class NoteError extends Error {
  override readonly name = 'NoteError';

  constructor({ id }: FindingIdentifier, because: string, cause?: unknown) {
    super(`Security Hub did not take a note on the finding ${id}: ${because}; the same may be noted again`, {
      cause,
    });
  }
}

/**
 * Puts news at the head of a finding's note, the last of them first.
 * @returns `not-there` when Security Hub has no such finding (any more). Rejects with a `NoteError` when it can't be read
 *   or written: then the same may be noted again.
 */
export async function noteOn(
  client: SecurityHubClient,
  finding: FindingIdentifier,
  news: readonly string[],
  author: string,
): Promise<'noted' | 'noted-before' | 'not-there'> {
  const note = await noteOf(client, finding);
  if (note === 'not-there') return 'not-there';
  const changed = news.reduce((current, one) => {
    const text = withNews(current, one, author);
    return text === undefined ? current : { text, author };
  }, note);
  if (changed === undefined || changed === note) return 'noted-before';
  const identifier: AwsSecurityFindingIdentifier = { Id: finding.id, ProductArn: finding.productArn };
  const answer = await client
    .send(
      new BatchUpdateFindingsCommand({
        FindingIdentifiers: [identifier],
        Note: { Text: changed.text, UpdatedBy: author },
      }),
    )
    .catch((error: unknown) => {
      throw new NoteError(finding, reasonOf(error), error);
    });
  const [refused] = answer.UnprocessedFindings ?? [];
  if (refused === undefined) return 'noted';
  if (refused.ErrorCode === 'FindingNotFound') return 'not-there';
  throw new NoteError(finding, `${refused.ErrorCode}: ${refused.ErrorMessage}`);
}

/** Read just before it is written: what somebody wrote meanwhile is not overwritten. */
async function noteOf(
  client: SecurityHubClient,
  finding: FindingIdentifier,
): Promise<FindingNote | undefined | 'not-there'> {
  const found = await readFinding(client, finding).catch((error: unknown) => {
    throw new NoteError(finding, reasonOf(error), error);
  });
  if (found === undefined) return 'not-there';
  const { Text: text = '', UpdatedBy: author = '' } = found.Note ?? {};
  return text === '' ? undefined : { text, author };
}
