/** Custom actions: Security Hub's entries in its menu by which operators ask for an action on selected findings. */

/** The custom actions that operators see in Security Hub. "Fix" stands for every fix of the finding's control. */
export const customActionNames = ['quarantine', 'fix', 'undo', 're-check', 'exempt'] as const;
export type CustomActionName = (typeof customActionNames)[number];
