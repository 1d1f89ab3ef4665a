/** The detail panel: a modal dialog with everything about one finding. */
import type { ObservedValue, Source } from '../../../lib/core/control.ts';
import type { Actor } from '../../../lib/core/event.ts';
import type { Finding } from '../../../lib/findings/finding.ts';
import { printableJson } from '../../output/printable.ts';
import { duration } from '../figures.ts';
import { type CatalogueEntry, httpsLink } from '../input.ts';
import type { FindingDetail } from '../wire.ts';
import { type ElementChild, element } from './dom.ts';
import { readEvent } from './embedded.ts';
import { minute, severityBadge, statusBadge, word } from './words.ts';

export interface Neighbours {
  readonly previous: string | undefined;
  readonly next: string | undefined;
}

export class DetailPanel {
  readonly #dialog: HTMLDialogElement;
  readonly #title = element('h2', { id: 'detail-title', tabindex: '-1' });
  readonly #badges = element('p', { class: 'badges' });
  readonly #content = element('div', { class: 'content' });
  readonly #previous = element('button', { type: 'button', class: 'quiet' }, 'Previous');
  readonly #next = element('button', { type: 'button', class: 'quiet' }, 'Next');
  readonly #controls: ReadonlyMap<string, CatalogueEntry>;
  #neighbours: Neighbours = { previous: undefined, next: undefined };

  /**
   * @param onClose called whenever the panel closes.
   * @param onGo called with the id of the previous or next finding to show.
   */
  constructor(controls: readonly CatalogueEntry[], onClose: () => void, onGo: (id: string) => void) {
    this.#controls = new Map(controls.map((control) => [control.id, control]));
    const close = element('button', { type: 'button', class: 'quiet' }, 'Close');
    close.addEventListener('click', () => this.close());
    this.#previous.addEventListener('click', () => {
      if (this.#neighbours.previous !== undefined) onGo(this.#neighbours.previous);
    });
    this.#next.addEventListener('click', () => {
      if (this.#neighbours.next !== undefined) onGo(this.#neighbours.next);
    });
    this.#dialog = element(
      'dialog',
      { id: 'detail', 'aria-labelledby': 'detail-title' },
      element(
        'div',
        { class: 'top' },
        element('div', { class: 'tools' }, this.#previous, this.#next, close),
        this.#badges,
        this.#title,
      ),
      this.#content,
    );
    this.#dialog.addEventListener('close', onClose);
    // A click beside the panel falls on the dialog itself, as its content fills it.
    this.#dialog.addEventListener('click', (event) => {
      if (event.target === this.#dialog) this.close();
    });
    document.body.append(this.#dialog);
  }

  get isOpen(): boolean {
    return this.#dialog.open;
  }

  close(): void {
    this.#dialog.close();
  }

  show(detail: FindingDetail, neighbours: Neighbours): void {
    const { finding } = detail;
    this.#neighbours = neighbours;
    this.#previous.disabled = neighbours.previous === undefined;
    this.#next.disabled = neighbours.next === undefined;
    this.#title.replaceChildren(element('bdi', {}, finding.title));
    this.#badges.replaceChildren(
      severityBadge(finding.severity),
      statusBadge(finding.status),
      element('span', { class: 'tag' }, `Verdict: ${word(finding.verdict)}`),
    );
    const control = this.#controls.get(finding.control);
    const sections = [
      about(finding),
      evidence(finding),
      exemption(finding),
      actors(finding),
      plan(finding),
      remediation(control),
      history(finding),
      raw(detail.event),
    ];
    this.#content.replaceChildren(...sections.filter((section) => section !== null));
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#content.scrollTop = 0;
    this.#title.focus({ preventScroll: true });
  }
}

function section(heading: string, ...children: readonly ElementChild[]): HTMLElement {
  return element('section', {}, element('h3', {}, heading), ...children);
}

/** Names and values, without the empty ones. */
function pairs(...entries: readonly (readonly [string, ElementChild | undefined])[]): HTMLElement {
  const made = element('dl', { class: 'pairs' });
  for (const [name, value] of entries) {
    if (value === undefined || value === null || value === '') continue;
    made.append(element('dt', {}, name), element('dd', {}, value));
  }
  return made;
}

const code = (text: string): HTMLElement => element('code', {}, text);
const time = (at: string | null): string => (at === null ? 'unknown time' : minute(at));

function about(finding: Finding): HTMLElement {
  const { openedAt, closedAt } = finding;
  const took =
    openedAt === null || closedAt === null ? Number.NaN : Date.parse(closedAt) - Date.parse(openedAt);
  const after = took >= 0 ? `, after ${duration(took)}` : '';
  return element(
    'section',
    {},
    element('p', { class: 'lead' }, finding.evidence.summary),
    pairs(
      ['Resource', code(finding.resource.id)],
      ['Type', finding.resource.type],
      ['ARN', finding.resource.arn === undefined ? undefined : code(finding.resource.arn)],
      ['Account', finding.account],
      ['Region', finding.region],
      ['Opened', time(openedAt)],
      [
        finding.status === 'ARCHIVED' ? 'Deleted' : 'Closed',
        finding.status === 'OPEN' ? undefined : time(closedAt) + after,
      ],
      ['Reason', finding.closing?.summary],
    ),
  );
}

function evidence(finding: Finding): HTMLElement {
  const { required, observed } = finding.evidence;
  return section(
    'Evidence',
    pairs(['Required', required]),
    observed.length === 0
      ? element('p', { class: 'note' }, 'No observations.')
      : element(
          'div',
          { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Observations' },
          element(
            'table',
            {},
            element('caption', { class: 'sr' }, 'Observations and their sources'),
            element(
              'thead',
              {},
              element(
                'tr',
                {},
                ...['Observed', 'Value', 'Source'].map((label) => element('th', { scope: 'col' }, label)),
              ),
            ),
            element('tbody', {}, ...observed.map(observation)),
          ),
        ),
  );
}

function observation({ what, value, source }: ObservedValue): HTMLElement {
  const shown =
    value === null ? 'null' : typeof value === 'object' ? value.join(', ') || 'none' : String(value);
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, what),
    element('td', {}, code(shown)),
    element('td', {}, source === undefined ? '–' : sourceText(source)),
  );
}

function sourceText(source: Source): string {
  switch (source.kind) {
    case 'event':
      return [
        source.eventName,
        ...(source.eventTime === undefined ? [] : [time(source.eventTime)]),
        ...(source.eventId === undefined ? [] : [source.eventId]),
      ].join(', ');
    case 'snapshot':
      return `snapshot of ${source.name}, ${source.date}`;
    case 'api':
      return `${source.call}, ${time(source.at)}`;
  }
}

function exemption(finding: Finding): HTMLElement | null {
  if (finding.exemption === null) return null;
  const { state, reason, owner, expires } = finding.exemption;
  return section(
    'Exemption',
    element(
      'p',
      {},
      state === 'active'
        ? 'This finding is exempt.'
        : state === 'expired'
          ? 'The exemption of this finding has expired.'
          : 'A tag on the resource requests an exemption, but is not accepted.',
    ),
    pairs(
      ['Reason', reason],
      ['Owner', state === 'refused' ? undefined : owner],
      [state === 'expired' ? 'Expired after' : 'Until', state === 'refused' ? undefined : expires],
    ),
  );
}

function actors(finding: Finding): HTMLElement {
  return section(
    'Actor',
    actor(finding.actor),
    finding.closing === null
      ? null
      : element(
          'div',
          { class: 'closer' },
          element('h4', {}, finding.status === 'ARCHIVED' ? 'Deleted by' : 'Closed by'),
          actor(finding.closing.actor),
        ),
  );
}

function actor({ name, type, arn, account, sourceIp, userAgent }: Actor): HTMLElement {
  return pairs(
    ['Name', element('bdi', {}, name)],
    ['Type', type],
    ['ARN', code(arn)],
    ['Account', account],
    ['Source IP', sourceIp === undefined ? undefined : code(sourceIp)],
    ['User agent', userAgent === undefined ? undefined : code(userAgent)],
  );
}

const because: ReadonlyMap<string, string> = new Map([
  ['not-in-policy', 'not in the policy'],
  ['unknown-verdict', 'verdict unknown'],
  ['exempt', 'exempt'],
  ['guardrail', 'guardrail'],
  ['protected-resource', 'protected resource'],
  ['no-resource-id', 'no resource id'],
  ['suppressed', 'suppressed'],
  ['suppression-unknown', 'suppression not known'],
  ['own-resource', 'own resource'],
  ['kill-switch', 'kill switch'],
  ['breaker-open', 'breaker open'],
  ['stale-verdict', 'stale verdict'],
]);

function plan(finding: Finding): HTMLElement {
  const { actions, skipped } = finding.plan;
  return section(
    'Plan',
    actions.length === 0
      ? element('p', {}, 'The policy would have carried out no action.')
      : element(
          'div',
          {},
          element('h4', {}, 'Would have been carried out'),
          element(
            'ul',
            { class: 'plan' },
            ...actions.map(({ action, reason }) =>
              element('li', {}, code(action), element('span', {}, reason)),
            ),
          ),
        ),
    skipped.length === 0
      ? null
      : element(
          'div',
          {},
          element('h4', {}, 'Skipped'),
          element(
            'ul',
            { class: 'plan' },
            ...skipped.map((entry) =>
              element(
                'li',
                {},
                code(entry.action),
                element(
                  'span',
                  {},
                  element('span', { class: 'tag' }, because.get(entry.because) ?? entry.because),
                  ' ',
                  entry.reason,
                ),
              ),
            ),
          ),
        ),
  );
}

function remediation(control: CatalogueEntry | undefined): HTMLElement | null {
  if (control === undefined) return null;
  const link = httpsLink(control.reference);
  return section(
    'Remediation',
    element('p', { class: 'lines' }, control.remediation),
    element('p', { class: 'lines note' }, control.description),
    pairs(
      ['Control', code(control.id)],
      ...Object.entries(control.standards).map(
        ([standard, requirements]: [string, readonly string[]]) =>
          [standard, requirements.join(', ')] as const,
      ),
      [
        'Reference',
        link === undefined
          ? control.reference
          : element('a', { href: link, rel: 'noreferrer noopener', target: '_blank' }, link),
      ],
    ),
  );
}

function history(finding: Finding): HTMLElement {
  return section(
    'History',
    element(
      'ol',
      { class: 'history' },
      ...finding.history.map((transition) =>
        element(
          'li',
          {},
          element(
            'p',
            {},
            statusBadge(transition.status),
            element('span', {}, time(transition.at)),
            element(
              'span',
              {},
              code(transition.eventName),
              ' by ',
              element('bdi', {}, transition.actor.name),
            ),
          ),
          element('p', { class: 'note' }, transition.summary),
          transition.eventId === null
            ? null
            : element('p', { class: 'note' }, 'Event ', code(transition.eventId)),
        ),
      ),
    ),
  );
}

/** The raw record, read and shown only when it is expanded. */
function raw(event: number | null): HTMLElement {
  if (event === null) return section('Raw event', element('p', { class: 'note' }, 'There is no record.'));
  const text = element('pre', { tabindex: '0', 'aria-label': 'The CloudTrail record' });
  const details = element(
    'details',
    { class: 'raw' },
    element('summary', {}, 'The CloudTrail record that opened this finding'),
    text,
  );
  let requested = false;
  details.addEventListener('toggle', () => {
    if (!details.open || requested) return;
    requested = true;
    readEvent(event).then(
      (record) => {
        text.textContent = printableJson(record, 2);
      },
      (error: unknown) => {
        text.textContent = `The record could not be read: ${String(error)}`;
      },
    );
  });
  return section('Raw event', details);
}
