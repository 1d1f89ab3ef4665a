/** The quarantine of an instance, with every step that there is, killed at each call and resumed; and its undo. */
import { aboutAction, aboutUndo, crashing } from './action-calls.ts';
import { everyStep, instanceCase } from './instance.ts';

const policies = {
  quarantining: `controls:
  ec2-transit-encryption: { actions: [quarantine] }
actions:
  quarantine: ${everyStep}
guardrails:
  gracePeriod: { quarantine: 0 }
`,
};

crashing(policies, (given) => {
  aboutAction(instanceCase, 'quarantining', given);
  aboutUndo(instanceCase, 'quarantining', given);
});
