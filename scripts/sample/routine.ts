/** Everyday changes: fleets that scale, builds, nightly jobs. Nearly all of them are compliant. */
import type { AccountRegion } from '../../lib/core/account-region.ts';
import { autoScaling, data, deploy, production, program, staging } from './cast.ts';
import * as ec2 from './ec2.ts';
import { Random, Streams } from './random.ts';
import { type Act, type Caller, type Happening, happening, iso } from './record.ts';
import { isWorkday } from './story.ts';

const minute = 60_000;
const hour = 60 * minute;

/** A month of routine. */
export function routine(): readonly Happening[] {
  const streams = new Streams('routine');
  const happenings: Happening[] = [];
  const add = (time: number, where: AccountRegion, caller: Caller, act: Act): void => {
    const random = streams.next(`${iso(time)} ${where.account} ${where.region}`);
    happenings.push(happening(time, where, caller, act, random));
  };
  const airflow = program('airflow-worker', 'airflow-nightly', 'boto3', '192.0.2.45');
  for (let day = 1; day <= 31; day += 1) {
    const midnight = Date.UTC(2026, 9, day);
    const times = new Random(`routine ${day}`);
    const second = () => times.below(3600) * 1000;

    // Batch workers scale with their queue.
    const workers = [`worker-${day}-1`, ...(day % 3 === 0 ? [`worker-${day}-2`] : [])];
    const tags = { 'aws:autoscaling:groupName': 'batch' };
    for (const name of workers) {
      const start = midnight + 7 * hour + second();
      add(
        start,
        production.frankfurt,
        autoScaling,
        ec2.runInstances({ names: [name], type: 'c6i.xlarge', template: ['batch', '7'], tags }),
      );
      add(start + 3 * hour + second(), production.frankfurt, autoScaling, ec2.terminateInstances(name));
    }

    // The web fleet scales out during the day.
    if (isWorkday(day) && day > 12) {
      const name = `web-day-${day}`;
      const start = midnight + 7 * hour + second();
      add(
        start,
        production.frankfurt,
        autoScaling,
        ec2.runInstances({
          names: [name],
          type: 'm6i.large',
          template: ['web', '2'],
          tags: { 'aws:autoscaling:groupName': 'web' },
        }),
      );
      add(start + 9 * hour, production.frankfurt, autoScaling, ec2.terminateInstances(name));
    }

    // The nightly run of the data platform, before every working day.
    if (!isWorkday(day)) continue;
    const nightly = `nightly-${day}`;
    const night = midnight + hour + second();
    add(
      night,
      data.frankfurt,
      airflow,
      ec2.runInstances({
        names: [nightly],
        type: 'r6i.2xlarge',
        disks: [{ device: '/dev/xvda', size: 100, encrypted: true }],
      }),
    );
    add(night + 2 * hour, data.frankfurt, airflow, ec2.terminateInstances(nightly));
    add(
      night + 2 * hour + 5 * minute,
      data.frankfurt,
      airflow,
      ec2.createSnapshot(`lake-${day}`, 'lake', true, 1000),
    );

    // New images are built on Fridays.
    if (isWorkday(day) && day % 7 === 2) {
      const build = `image-build-${day}`;
      const start = midnight + 11 * hour + second();
      add(start, staging.frankfurt, deploy, ec2.runInstances({ names: [build], type: 'm7i.large' }));
      add(start + 12 * minute, staging.frankfurt, deploy, ec2.stopInstances(build));
      add(start + 21 * minute, staging.frankfurt, deploy, ec2.terminateInstances(build));
    }
  }
  return happenings;
}
