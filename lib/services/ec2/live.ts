/** How EC2 and EBS are read and changed. */
import { defineLive } from '../../core/service.ts';
import { actions } from './actions.ts';
import { aws } from './aws.ts';
import { clients } from './clients.ts';
import { listers } from './list.ts';
import { quarantineClients } from './quarantine/clients.ts';
import { ec2 } from './service.ts';
import { specimens } from './specimens.ts';
import { tagAdapters } from './tags.ts';

export const ec2Live = defineLive(ec2, {
  clients: { ...clients, ...quarantineClients },
  aws,
  listers,
  tagAdapters,
  actions,
  specimens,
});
