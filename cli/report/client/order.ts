/** The orders in which people expect the constants. */
export const severityOrder: readonly string[] = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'INFORMATIONAL'];
export const statusOrder: readonly string[] = ['OPEN', 'RESOLVED', 'ARCHIVED'];
