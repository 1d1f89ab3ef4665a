/** The managers of keys, for services that encrypt with them: DescribeKey. */
import { DescribeKeyCommand } from '@aws-sdk/client-kms';
import { askEach } from '../../../aws/facts/calls.ts';
import type { Lookup } from '../../../aws/facts/lookups.ts';
import type { RelatedReaders } from '../../../core/service.ts';
import type { KeyManager } from '../facts.ts';

const action = 'kms:DescribeKey';

/** Keys by ARN or alias, with their manager. It never changes, so it is cached under a key's own ARN. */
const keyManagers: Lookup<KeyManager> = {
  permissions: [action],
  find: (names, lookups, waitsFor) =>
    askEach(action, names, lookups, waitsFor, async (name) => {
      const kept = lookups.cache.of<'AWS' | 'CUSTOMER'>(keyManagers);
      const manager = kept.get(name);
      if (manager !== undefined) return { arn: name, manager };
      const answer = await lookups.call(({ kms }) => kms.send(new DescribeKeyCommand({ KeyId: name })));
      const { Arn: arn, KeyManager: answered } = answer.KeyMetadata ?? {};
      if (arn === undefined) return undefined;
      if (answered === undefined) return { arn };
      kept.set(arn, answered);
      return { arn, manager: answered };
    }),
};

export const keyManagerReaders: RelatedReaders<'kms.keyManager'> = {
  'kms.keyManager': { uses: [keyManagers], read: (arn, aws) => aws.follow(keyManagers, arn) },
};
