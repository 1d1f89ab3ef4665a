/** Facts about KMS keys, their policies and grants. */

// biome-ignore lint/suspicious/noEmptyInterface: filled by the KMS controls.
export interface KmsFacts {}
