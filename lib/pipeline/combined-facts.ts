/** Facts of several providers for one evaluation: the source of each fact says which of them knew it. */
import type { FactName, Facts } from '../core/control.ts';
import type { FactProvider, FactRequest } from '../core/fact-provider.ts';
import type { Fact } from '../core/facts.ts';

/**
 * A provider that asks several providers in turn, each only for the facts that those before it did not know.
 * @param providers the most trusted one first.
 * @returns each fact from the first provider that knows it; a fact that none knows is unknown, with the reason of the
 *   first. Rejects as they do.
 * @example
 *   const facts = combinedFacts([new AwsFacts(options), trailFacts]);
 */
export function combinedFacts(providers: readonly FactProvider[]): FactProvider {
  return {
    async gather(requests) {
      const found = requests.map((): Partial<Record<FactName, Fact<unknown>>> => ({}));
      for (const provider of providers) {
        const open = requests.map(
          ({ facts, ...request }, index): FactRequest => ({
            ...request,
            facts: facts.filter((name) => found[index]?.[name]?.known !== true),
          }),
        );
        const wanting = open.flatMap(({ facts }, index) => (facts.length === 0 ? [] : [index]));
        if (wanting.length === 0) break;
        const answers = await provider.gather(wanting.flatMap((index) => open[index] ?? []));
        for (const [at, index] of wanting.entries()) {
          const mine = found[index] ?? {};
          for (const name of open[index]?.facts ?? []) {
            const fact = answers[at]?.[name];
            if (fact !== undefined && (fact.known || mine[name] === undefined)) mine[name] = fact;
          }
        }
      }
      // Each was answered under its own name by a provider of facts.
      return found as readonly Partial<Facts>[];
    },
  };
}
