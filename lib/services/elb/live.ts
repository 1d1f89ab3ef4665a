/** How load balancing is asked and changed. */
import { defineLive } from '../../core/service.ts';
import { actions } from './actions.ts';
import { aws } from './aws.ts';
import { clients } from './clients.ts';
import { listers } from './list.ts';
import { elb } from './service.ts';
import { specimens } from './specimens.ts';
import { tagAdapters } from './tags.ts';

export const elbLive = defineLive(elb, { clients, aws, listers, tagAdapters, actions, specimens });
