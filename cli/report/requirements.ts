/**
 * The names of NIST's controls that an encryption control may map to.
 * Source: NIST SP 800-53 Revision 5, "Security and Privacy Controls for Information Systems and
 * Organizations", chapter three (a work of the United States government, not under copyright).
 */
const nist: ReadonlyMap<string, string> = new Map([
  ['AC-3', 'Access Enforcement'],
  ['AC-4', 'Information Flow Enforcement'],
  ['AC-6', 'Least Privilege'],
  ['AC-21', 'Information Sharing'],
  ['AU-2', 'Event Logging'],
  ['AU-3', 'Content of Audit Records'],
  ['AU-10', 'Non-repudiation'],
  ['AU-12', 'Audit Record Generation'],
  ['CA-7', 'Continuous Monitoring'],
  ['CA-9(1)', 'Internal System Connections: Compliance Checks'],
  ['CM-3(6)', 'Configuration Change Control: Cryptography Management'],
  ['SC-7', 'Boundary Protection'],
  ['SC-7(10)', 'Boundary Protection: Prevent Exfiltration'],
  ['SC-8', 'Transmission Confidentiality and Integrity'],
  ['SC-8(1)', 'Transmission: Cryptographic Protection'],
  ['SC-8(2)', 'Transmission: Pre- and Post-transmission Handling'],
  ['SC-12', 'Cryptographic Key Establishment and Management'],
  ['SC-12(1)', 'Cryptographic Keys: Availability'],
  ['SC-12(2)', 'Cryptographic Keys: Symmetric Keys'],
  ['SC-12(3)', 'Cryptographic Keys: Asymmetric Keys'],
  ['SC-13', 'Cryptographic Protection'],
  ['SC-28', 'Protection of Information at Rest'],
  ['SC-28(1)', 'Information at Rest: Cryptographic Protection'],
  ['SC-28(3)', 'Information at Rest: Cryptographic Keys'],
  ['SI-7(6)', 'Software and Information Integrity: Cryptographic Protection'],
]);

/** The name of a requirement; `undefined` where it is not known, or its text is under copyright. */
export function requirementName(requirement: string): string | undefined {
  return nist.get(requirement);
}
