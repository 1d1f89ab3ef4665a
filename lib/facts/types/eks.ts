/** Facts about EKS clusters and their node groups. */

// biome-ignore lint/suspicious/noEmptyInterface: filled by the EKS controls.
export interface EksFacts {}
