/** Key policies: GetKeyPolicy. */

import { isDeepStrictEqual } from 'node:util';
import { GetKeyPolicyCommand } from '@aws-sdk/client-kms';
import { askEach } from '../../../aws/facts/calls.ts';
import { derive, type Lookup } from '../../../aws/facts/lookups.ts';
import type { Readers } from '../../../aws/facts/reader.ts';
import type { ArnResource } from '../../../core/control.ts';
import { type Fact, known, unknownFact } from '../../../core/facts.ts';
import { defaultKeyPolicy, type KeyPolicy, parseKeyPolicy } from '../../../iam/document.ts';
import type { KmsKeyPolicy } from '../facts.ts';

const action = 'kms:GetKeyPolicy';

/** Policies, as JSON, by the key's ARN. A key has exactly one, and its name is always `default`. */
const policies: Lookup<string> = {
  permissions: [action],
  find: (arns, lookups, waitsFor) =>
    askEach(action, arns, lookups, waitsFor, async (arn) => {
      const answer = await lookups.call(({ kms }) =>
        kms.send(new GetKeyPolicyCommand({ KeyId: arn, PolicyName: 'default' })),
      );
      return answer.Policy;
    }),
};

/** Whether the policies are equivalent; the statements' ids do not matter. */
function sameStatements(one: KeyPolicy, other: KeyPolicy): boolean {
  const unnamed = ({ statements }: KeyPolicy) => statements.map((statement) => ({ ...statement, label: '' }));
  return isDeepStrictEqual(unnamed(one), unnamed(other));
}

export const keyPolicyReaders: Readers<'kms.keyPolicy', ArnResource> = {
  'kms.keyPolicy': {
    uses: [policies],
    read: async ({ arn, account }, aws) =>
      derive(await aws.ask(policies, arn), (json, source): Fact<KmsKeyPolicy> => {
        const parsed = parseKeyPolicy(json);
        if (!parsed.ok)
          return unknownFact('unreadable', `${action} gives no readable policy (${parsed.reason})`);
        const isDefault = sameStatements(parsed.policy, defaultKeyPolicy(arn, account));
        return known({ policy: parsed.policy, isDefault, text: json }, source);
      }),
  },
};
