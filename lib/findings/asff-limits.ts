/**
 * ASFF's limits: lengths in characters, sizes in bytes of UTF-8 JSON.
 * Sources: Security Hub API model; AWS Security Hub User Guide, "BatchImportFindings for finding providers" (sizes),
 * "Other object in ASFF"; AWS Security Hub Partner Integration Guide. A KB is taken as 1,000 bytes, to be on the
 * safe side. Of tags ASFF says no more than that they follow AWS's own limits: AWS Tagging guide, "Tag naming limits".
 */
export const asffLimits = {
  id: 512,
  title: 256,
  description: 1024,
  remediation: 512,
  productFieldKey: 127,
  productFieldValue: 1024,
  productFields: 50,
  /** Pairs in `Resource.Details.Other`; a key there has fewer than 128 characters, a value fewer than 1,024. */
  otherDetails: 50,
  detailKey: 127,
  detail: 1023,
  tags: 50,
  tagKey: 128,
  tagValue: 256,
  relatedRequirements: 32,
  findingBytes: 240_000,
  findingsInCall: 100,
  callBytes: 6_000_000,
} as const;
