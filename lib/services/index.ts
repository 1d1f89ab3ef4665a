/** Every service there is, one line each: the only place to edit for a new one. In the order in which they are shown. */
export { ec2 } from './ec2/service.ts';
export { eks } from './eks/service.ts';
export { elb } from './elb/service.ts';
export { kms } from './kms/service.ts';
