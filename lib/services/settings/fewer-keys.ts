/** How an override may narrow the setting `key`, of the controls that ask which KMS key encrypts something. */
import { fewer, type Narrowing } from '../../core/narrowing.ts';

/**
 * Any key may become a customer managed one or a list, and a list a shorter one. A list is not narrower than
 * `customer-managed`, because it can name a key that AWS manages.
 * @param anyKey the value that accepts every key.
 * @example fewerKeys('any').widenings('any', 'customer-managed') // [{ path: [], must: 'be "customer-managed"', found: '"any"' }]
 */
export function fewerKeys<Any extends string>(
  anyKey: Any,
): Narrowing<Any | 'customer-managed' | readonly string[]> {
  return {
    may: `require a customer managed key or listed keys instead of \`${anyKey}\`, and list fewer`,
    widenings(override, deployed) {
      if (deployed === anyKey || override === deployed) return [];
      if (typeof override !== 'string' && typeof deployed !== 'string') {
        return fewer<string>().widenings(override, deployed);
      }
      const must = typeof deployed === 'string' ? `be "${deployed}"` : `list keys of ${deployed.join(', ')}`;
      return [{ path: [], must, found: JSON.stringify(override) }];
    },
  };
}
