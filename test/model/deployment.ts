/**
 * A street with lamps that should be on, and all of remediation over it: the state table and its transitions, the queue, which
 * delivers in any order and more than once, grace periods, limits, the journal. Time passes only when it is told to.
 */
import { type ActionDeps, type AnyAction, defineAction } from '../../lib/core/action.ts';
import type { Facts } from '../../lib/core/control.ts';
import { type Unknown, unknownFact } from '../../lib/core/facts.ts';
import type { OperatorExemptions } from '../../lib/findings/state/exemptions.ts';
import { exemptionFor } from '../../lib/policy/decide/exemptions.ts';
import type { Policy } from '../../lib/policy/model.ts';
import { exemptionFromNow, type OperatorExemption } from '../../lib/policy/operator-exemption.ts';
import { type ActionRun, nameOfActionRun } from '../../lib/remediation/actions/action-run.ts';
import type { Journal } from '../../lib/remediation/actions/journal.ts';
import { undo } from '../../lib/remediation/actions/undo.ts';
import { transitionOf, transitionSource } from '../../lib/remediation/events/transition.ts';
import { closed, type LimitState, nothingUsed, use } from '../../lib/remediation/limits.ts';
import {
  type Occasion,
  onceMore,
  parseRemediation,
  remediateBody,
  requestBody,
} from '../../lib/remediation/message.ts';
import { leaseFor, Remediator, type RemediatorOptions } from '../../lib/remediation/remediator.ts';
import { nextRunIn } from '../../lib/remediation/retry-delay.ts';
import { controls as kmsControls } from '../../lib/services/kms/controls/index.ts';
import { kmsKeyDisabled } from '../../lib/services/kms/controls/kms-key-disabled.ts';
import { MemoryStateTable } from '../findings/state/memory-state-table.ts';
import { keyState } from '../pipeline/live/world.ts';
import { policyOf } from '../policy/fixtures.ts';
import { MemoryJournal } from '../remediation/actions/memory-journal.ts';
import { accountRegion, depsWith, start } from '../remediation/actions/simulated-resource.ts';
import { Killed, Life } from './crashing.ts';
import { type CustomActionEvent, Lamp } from './resources.ts';

export const graceInMinutes = 15;
export const limits = { perAccount: 2, total: 2 };
export const protectingTag = { name: 'guard', value: 'on' };

/** What the policy says, but for who is exempt. */
const usual = `version: 1
controls: { kms-key-disabled: { actions: [notify, fix:enable-key] } }
operators: { customActions: [fix:enable-key, undo, exempt] }
exemptionTags: { controls: all, maxDays: 365 }
guardrails:
  actionsPerHour: { fix: { perAccount: ${limits.perAccount}, total: ${limits.total} } }
  gracePeriod: { fix: ${graceInMinutes} minutes }
  protectedTags: { ${protectingTag.name}: [${protectingTag.value}] }
`;
const policy = policyOf(usual, kmsControls);

/** No lamp needs a client. */
const {
  deps: { clients, memory },
} = depsWith();

/** A message in the queue. */
interface Pending {
  readonly body: string;
  /** Not delivered before. */
  readonly from: number;
  /** Whether it was delivered already. */
  redelivered: boolean;
}

export class Street {
  readonly lamps: readonly Lamp[];
  readonly customActionEvents: CustomActionEvent[] = [];
  readonly queue: Pending[] = [];
  readonly journal = new MemoryJournal();
  readonly stateTable: MemoryStateTable;
  policy: Policy = policy;
  killSwitch: 'disengaged' | 'engaged' | 'unreadable' = 'disengaged';
  readonly workflow = new Map<string, 'SUPPRESSED' | 'unreadable'>();
  readonly exempted = new Map<string, OperatorExemption>();
  limits: LimitState = nothingUsed;
  closedAt = Number.NEGATIVE_INFINITY;
  /** What went wrong that never should; each a sentence. */
  readonly faults: string[] = [];
  readonly #deps: ActionDeps = {
    clients,
    memory,
    now: () => new Date(this.now),
    wait: async (milliseconds) => {
      this.now += milliseconds;
    },
  };
  now = start;
  /** The grace periods that were begun, each with its occasion and its end. */
  readonly #schedules = new Map<string, { readonly occasion: Occasion; readonly due: number }>();
  readonly #watch: (customActionEvent: CustomActionEvent, street: Street) => Promise<readonly string[]>;
  readonly #takenBack = new Map<string, ReadonlySet<string>>();
  #count = 0;

  /** @param watch what is wrong with a press, just when it is made. */
  constructor(
    names: readonly string[],
    watch: (customActionEvent: CustomActionEvent, street: Street) => Promise<readonly string[]>,
  ) {
    this.lamps = names.map((name) => new Lamp(name, this.now));
    this.stateTable = new MemoryStateTable({ now: () => this.now });
    this.#watch = watch;
  }

  /** Time passes; what was to be done by then comes into the queue. */
  async pass(milliseconds: number): Promise<void> {
    await this.#deps.wait(milliseconds);
    for (const [name, { occasion, due }] of this.#schedules) {
      if (due > this.now) continue;
      this.#schedules.delete(name);
      this.send(remediateBody(occasion));
    }
  }

  /** Looks at a lamp, as an event would have it done, or a scheduled scan, and records what is seen. */
  async observe(it: Lamp, why: 'event' | 'scan'): Promise<void> {
    const before = this.stateTable.entries.get(it.finding);
    const at = this.now;
    this.#count += 1;
    const id = `event-${this.#count}`;
    const cause = {
      id,
      eventName: why === 'event' ? 'DisableKey' : 'ScheduledScan',
      time: why === 'event' ? it.switchedAt : at,
      actor: { type: 'IAMUser', arn: 'arn:aws:iam::111122223333:user/ana', name: 'ana' },
    };
    const resource = { ...it.resource, tags: it.tags };
    const actor = { ...cause.actor, account: undefined, sourceIp: undefined, userAgent: undefined };
    const { verdict, evidence } = kmsKeyDisabled.evaluate(resource, { 'kms.keyState': this.#fact(it) }, {});
    const given = this.exempted.get(it.finding);
    const exemption = exemptionFor(this.policy, kmsKeyDisabled.id, resource, new Date(at), given);
    await this.stateTable.record([
      {
        control: kmsKeyDisabled,
        observation: {
          key: id,
          at,
          cause: { ...cause, actor },
          resource,
          result:
            it.light === 'deleted'
              ? { kind: 'deleted', because: 'The lamp was taken away.' }
              : {
                  kind: 'evaluated',
                  verdict,
                  evidence,
                  severity: 'HIGH',
                  plan: { actions: [], skipped: [] },
                  exemption,
                  details: undefined,
                },
        },
      },
    ]);
    const after = this.stateTable.entries.get(it.finding);
    const detail = after === undefined ? undefined : transitionOf(before, after);
    if (detail !== undefined) this.send({ source: transitionSource, detail });
  }

  /** A scheduled scan finds the finding open still. */
  remind({ finding }: Lamp): void {
    const openedAt = this.stateTable.entries.get(finding)?.finding?.openedAt ?? null;
    this.send(remediateBody({ finding, openedAt, since: this.now, reminder: true }));
  }

  /** An operator presses a custom action. */
  order({ finding }: Lamp, what: 'fix' | 'undo'): void {
    this.#count += 1;
    const at = new Date(this.now).toISOString();
    this.send(requestBody({ id: `press-${this.#count}`, finding, what, by: 'ana', why: 'She knows.', at }));
  }

  /** An operator exempts a finding, or takes that back. */
  exempt({ finding }: Lamp, exempts: boolean): void {
    const given = exemptionFromNow(finding, { owner: 'ana', reason: 'It may be dark.' }, new Date(this.now));
    const lifted = exempts ? null : { by: 'ana', at: given.givenAt };
    this.exempted.set(finding, { ...given, lifted });
  }

  /** The policy file is replaced by one that exempts these, each until the end of a day. */
  exemptByPolicy(exempt: ReadonlyMap<Lamp, string>): void {
    const all = [...exempt].map(
      ([{ resource }, expires]) =>
        `  - { resources: ['${resource.arn}'], reason: it may be dark, owner: ana, expires: ${expires} }`,
    );
    const text = all.length === 0 ? usual : `${usual}exemptions:\n${all.join('\n')}\n`;
    this.policy = policyOf(text, kmsControls);
  }

  closeBreaker(): void {
    this.limits = closed({ at: this.now, by: 'ana', why: 'She looked.' });
    this.closedAt = this.now;
  }

  send(body: unknown, after = 0): void {
    this.queue.push({ body: JSON.stringify(body), from: this.now + after, redelivered: false });
  }

  /**
   * Delivers one of the messages whose time has come, and has remediation take it.
   * @param nth which of them. @param keep whether it will come once more. @param life how long the run lives.
   */
  async deliver(nth: number, keep: boolean, life = new Life()): Promise<void> {
    const ready = this.queue.filter(({ from }) => from <= this.now);
    const message = ready[nth % Math.max(1, ready.length)];
    if (message === undefined) return;
    const { body, redelivered } = message;
    message.redelivered = true;
    const parsed = parseRemediation(body);
    if (parsed.kind === 'malformed') {
      this.faults.push(`a message of its own is malformed: ${parsed.reason}`);
      return;
    }
    const remediator = new Remediator({ ...this.#options(life, await this.#run()), redelivered });
    try {
      const { again } =
        parsed.kind === 'order'
          ? await remediator.carryOutRequest(parsed.order)
          : await remediator.remediate(parsed.occasion);
      const accountRegion = this.queue.indexOf(message);
      if (!keep && accountRegion >= 0) this.queue.splice(accountRegion, 1);
      const delay = again ? nextRunIn(parsed.attempt) : undefined;
      if (delay !== undefined)
        this.send(
          onceMore(JSON.parse(body), { attempt: parsed.attempt + 1, partiallyCompleted: false }),
          delay * 1_000,
        );
    } catch (error) {
      // The queue delivers it again.
      if (!(error instanceof Killed))
        this.faults.push(`it threw: ${error instanceof Error ? error.stack : error}`);
    }
  }

  /** `trailseal undo`, of the newest action run. */
  async undo(it: Lamp, life = new Life()) {
    const actionRun = await this.journal.latest(it.finding, 'fix:enable-key');
    if (actionRun === undefined) return undefined;
    const run = await this.#run();
    try {
      return await undo(this.#action(life, run), actionRun, {
        journal: this.#journal(life),
        deps: this.#deps,
        accountRegion,
        run,
        decision: { by: 'operator', name: 'ana', why: 'It was wrong.' },
        admit: async () =>
          this.killSwitch === 'disengaged'
            ? { admitted: true }
            : { admitted: false, because: 'The kill switch is engaged.' },
        leaseFor,
      });
    } catch (error) {
      if (!(error instanceof Killed))
        this.faults.push(`the undo threw: ${error instanceof Error ? error.stack : error}`);
      return undefined;
    }
  }

  /**
   * Whether somebody has switched by hand what Trailseal had done. To do that anew and to take it back are two action runs then,
   * and nothing keeps two action runs from being worked on at the same moment: the outcome is that of one or the other.
   */
  async isAmbiguous(): Promise<boolean> {
    const changed = this.lamps.filter(({ light }) => light !== 'on');
    return (await Promise.all(changed.map((it) => this.latest(it)))).some(
      (actionRun) => actionRun?.status === 'done',
    );
  }

  latest({ finding }: Lamp): Promise<ActionRun | undefined> {
    return this.journal.latest(finding, 'fix:enable-key');
  }

  /** The action run that a run is at. */
  async at({ finding }: Lamp, run: string): Promise<ActionRun | undefined> {
    return (await this.journal.of(finding)).findLast(({ lease }) => lease?.owner === run);
  }

  async #run(): Promise<string> {
    this.#count += 1;
    const run = `run-${this.#count}`;
    const actionRuns = (await Promise.all(this.lamps.map(({ finding }) => this.journal.of(finding)))).flat();
    this.#takenBack.set(
      run,
      new Set(actionRuns.filter(({ status }) => status === 'undone').map(nameOfActionRun)),
    );
    return run;
  }

  #fact({ light, known }: Lamp): Facts['kms.keyState'] {
    if (light === 'deleted') return unknownFact('deleted', 'kms:DescribeKey does not find it');
    if (!known) return unknownFact('denied', 'kms:DescribeKey was denied');
    const fact = keyState(light === 'on' ? 'Enabled' : 'Disabled')['kms.keyState'];
    if (fact === undefined) throw new TypeError('there is no such fact');
    return fact;
  }

  #lampOf({ id }: { readonly id: string }): Lamp {
    const found = this.lamps.find(({ resource }) => resource.id === id);
    if (found === undefined) throw new TypeError(`there is no lamp ${id}`);
    return found;
  }

  /** The action of whichever lamp it is, as one run does it; what it switches is watched. */
  #action(life: Life, run: string): AnyAction {
    const [{ action } = new Lamp('none', 0)] = this.lamps;
    const { undo: restoring } = action;
    if (restoring.kind !== 'restores') throw new TypeError('a lamp can be switched off');
    type Params<Name extends 'prepare' | 'apply' | 'check'> = Parameters<(typeof action)[Name]>;
    const undoOf = ({ resource }: Params<'apply'>[0]) => {
      const own = this.#lampOf(resource).action.undo;
      if (own.kind !== 'restores') throw new TypeError('a lamp can be switched off');
      return own;
    };
    return defineAction({
      ...action,
      prepare: life.of((...args: Params<'prepare'>) =>
        this.#lampOf(args[0].resource).action.prepare(...args),
      ),
      apply: life.of((...args: Params<'apply'>) =>
        this.#watched(this.#lampOf(args[0].resource), run, (it) => it.action.apply(...args)),
      ),
      check: life.of((...args: Params<'check'>) => this.#lampOf(args[0].resource).action.check(...args)),
      undo: {
        ...restoring,
        restore: life.of((...args: Params<'apply'>) =>
          this.#watched(this.#lampOf(args[0].resource), run, () => undoOf(args[0]).restore(...args)),
        ),
        restored: life.of((...args: Params<'apply'>) => undoOf(args[0]).restored(...args)),
      },
    });
  }

  async #watched(it: Lamp, run: string, write: (it: Lamp) => Promise<void>): Promise<void> {
    const from = it.light;
    await write(it);
    if (it.light === from) return;
    const actionRun = await this.at(it, run);
    const name = actionRun === undefined ? undefined : nameOfActionRun(actionRun);
    const takenBack = this.#takenBack.get(run) ?? new Set();
    const customActionEvent: CustomActionEvent = {
      lamp: it,
      from,
      to: it.light,
      at: this.now,
      run,
      takenBack,
      actionRun: name,
    };
    it.switchedAt = this.now;
    this.customActionEvents.push(customActionEvent);
    this.faults.push(...(await this.#watch(customActionEvent, this)));
  }

  #journal(life: Life): Journal {
    const { journal } = this;
    return {
      latest: life.of((...args) => journal.latest(...args)),
      of: life.of((...args) => journal.of(...args)),
      since: life.of((...args) => journal.since(...args)),
      begin: life.of((...args) => journal.begin(...args)),
      save: life.of((...args) => journal.save(...args)),
    };
  }

  #options(life: Life, run: string): RemediatorOptions {
    const known = (it: Lamp): Partial<Facts> | Unknown => {
      const fact = this.#fact(it);
      return fact.known ? { 'kms.keyState': fact } : fact;
    };
    return {
      controls: kmsControls,
      actions: [this.#action(life, run)],
      policy: this.policy,
      accountRegion,
      facts: {
        look: life.of(async (requests) =>
          requests.map(({ resource, facts }) => {
            const it = this.#lampOf(resource);
            const told = known(it);
            const answers = 'known' in told ? Object.fromEntries(facts.map((name) => [name, told])) : told;
            return [{ resource: { ...resource, tags: it.tags }, facts: answers }];
          }),
        ),
      },
      stateTable: { read: life.of((ids) => this.stateTable.read(ids)) },
      exemptions: life.of(async (): Promise<OperatorExemptions> => this.exempted),
      journal: this.#journal(life),
      limiter: {
        admit: life.of(async (kind, most, counted) => {
          const answer = use(this.limits, kind, most, counted, this.now);
          this.limits = answer.state;
          return answer;
        }),
        show: life.of(async () => ({ tag: nothingUsed, fix: this.limits, quarantine: nothingUsed })),
      },
      deps: this.#deps,
      killSwitch: life.of(async () => ({ state: this.killSwitch })),
      workflow: life.of(async (finding) => ({ status: this.workflow.get(finding) ?? 'NEW' })),
      isOwn: () => false,
      scheduleGracePeriodEnd: life.of(async (occasion, action, time) => {
        const name = `${occasion.finding} ${occasion.openedAt} ${action}`;
        if (this.#schedules.has(name)) return 'was-scheduled';
        this.#schedules.set(name, { occasion, due: time.getTime() });
        return 'scheduled';
      }),
      stage: 'dev',
      run,
    };
  }
}
