/** How each service asks and changes AWS. Generated from index.ts: npm run generate. */
export { ec2Live } from './ec2/live.ts';
export { eksLive } from './eks/live.ts';
export { elbLive } from './elb/live.ts';
export { kmsLive } from './kms/live.ts';
