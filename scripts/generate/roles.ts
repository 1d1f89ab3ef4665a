/** The page `docs/roles.md`: for each role of a stack, the worst that whoever takes over its holder could do. */
import type { RoleReview } from '../../deploy/review/worst.ts';

export function rolesPage(reviews: readonly RoleReview[]): string {
  const byDefault = reviews.filter(({ offByDefault }) => !offByDefault);
  const off = reviews.filter(({ offByDefault }) => offByDefault);
  return `${[
    '# The worst that each role allows',
    'Suppose that somebody takes over a function of Trailseal, or a bug has it call whatever it may. This page lists for each role of ' +
      'the stack what could come of that. It is generated: the permissions are those of a stack whose policy asks for every ' +
      'action and lets operators request everything, so that a stack of yours allows as much or less ([iam.md](iam.md) has ' +
      'each permission with its reason). What a permission amounts to under its condition was reviewed by people ' +
      '(`deploy/review/harms.ts`), and a test fails for one that was not.',
    '**No role of these lets its holder execute code on an instance, or give somebody access to data.** An undo that would ' +
      '([remediation.md](remediation.md)) is in no role: an operator runs it with permissions of his own.',
    summary(byDefault),
    ...byDefault.map(section),
    '# Roles that are off by default',
    'IAM cannot narrow what these actions need. Each role is made only where `actions.broadPermissions` of the policy lists ' +
      'its action and the policy asks for it ([policy.md](policy.md#broad-permissions)). Only `remediate` may assume them.',
    summary(off),
    ...off.map(section),
  ].join('\n\n')}\n`;
}

function summary(reviews: readonly RoleReview[]): string {
  return [
    '| role | worst |',
    '| --- | --- |',
    ...reviews.map(({ role, worst, lines }) => `| \`${role}\` | ${worst}: ${lines[0]?.may ?? 'nothing'} |`),
  ].join('\n');
}

function section({ role, lines, unreviewed }: RoleReview): string {
  return [
    `## \`${role}\``,
    '',
    'Whoever holds it may',
    '',
    ...lines.map(({ may, harm }) => `- ${may} (${harm})`),
    ...unreviewed.map(
      ({ action, conditions }) => `- **not reviewed**: \`${action}\` ${conditions.join(', ')}`,
    ),
  ].join('\n');
}
