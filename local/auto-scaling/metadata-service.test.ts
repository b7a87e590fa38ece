import { afterEach, describe, expect, it } from 'vitest';
import { readIdentity } from '../../worker/fleet/identity.ts';
import { startMetadataService, type MetadataService } from './metadata-service.ts';

const running: MetadataService[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((service) => service.stop()));
});

let now = 0;
const start = async (): Promise<MetadataService> => {
  const service = await startMetadataService({
    instanceId: 'i-1',
    instanceType: 'g5.xlarge',
    region: 'us-east-1',
    accountId: '111111111111',
    launchedAt: Date.UTC(2026, 10, 25, 18, 2, 0, 400),
    clock: () => now,
  });
  running.push(service);
  return service;
};

const newToken = (url: string, headers: Record<string, string>) =>
  fetch(`${url}/latest/api/token`, { method: 'PUT', headers });

const TTL = 'x-aws-ec2-metadata-token-ttl-seconds';

const get = (url: string, item: string) => getPath(url, `/latest/meta-data/${item}`);

const getPath = async (url: string, path: string): Promise<[status: number, text: string]> => {
  const token = await (await newToken(url, { [TTL]: '60' })).text();
  const response = await fetch(`${url}${path}`, {
    headers: { 'x-aws-ec2-metadata-token': token },
  });
  return [response.status, await response.text()];
};

describe('the metadata of an instance', () => {
  it('names the instance and its place', async () => {
    const { url } = await start();
    expect(await get(url, 'instance-id')).toEqual([200, 'i-1']);
    expect(await get(url, 'instance-type')).toEqual([200, 'g5.xlarge']);
    expect(await get(url, 'placement/region')).toEqual([200, 'us-east-1']);
  });

  it('identifies the instance, its type and its launch, which a worker understands', async () => {
    const { url } = await start();
    const [, text] = await getPath(url, '/latest/dynamic/instance-identity/document');
    expect(JSON.parse(text)).toMatchObject({ instanceId: 'i-1', accountId: '111111111111' });
    expect(await readIdentity({ endpoint: url, fetch })).toEqual({
      instanceType: 'g5.xlarge',
      pendingTime: '2026-11-25T18:02:00Z',
    });
  });

  it('has no notice and no lifecycle state before there is one', async () => {
    const { url } = await start();
    expect(await get(url, 'spot/instance-action')).toEqual([404, '']);
    expect(await get(url, 'events/recommendations/rebalance')).toEqual([404, '']);
    expect(await get(url, 'autoscaling/target-lifecycle-state')).toEqual([404, '']);
  });

  it('tells what Auto Scaling makes of the instance', async () => {
    const { url, setTargetLifecycleState } = await start();
    setTargetLifecycleState('InService');
    expect(await get(url, 'autoscaling/target-lifecycle-state')).toEqual([200, 'InService']);
    setTargetLifecycleState('Terminated');
    expect(await get(url, 'autoscaling/target-lifecycle-state')).toEqual([200, 'Terminated']);
  });

  it('tells when EC2 takes it back, to the second', async () => {
    const { url, noticeSpot } = await start();
    noticeSpot(Date.UTC(2026, 10, 25, 18, 2, 0, 400));
    expect(await get(url, 'spot/instance-action')).toEqual([
      200,
      '{"action":"terminate","time":"2026-11-25T18:02:00Z"}',
    ]);
  });
});

describe('a recommendation to rebalance', () => {
  it('says since when, to the second', async () => {
    const { url, noticeRebalance } = await start();
    noticeRebalance(Date.UTC(2026, 10, 25, 18, 2, 0, 400));
    expect(await get(url, 'events/recommendations/rebalance')).toEqual([
      200,
      '{"noticeTime":"2026-11-25T18:02:00Z"}',
    ]);
  });
});

describe('a token', () => {
  it('is needed, and is good for as long as it was asked for', async () => {
    const { url } = await start();
    const item = `${url}/latest/meta-data/instance-id`;
    const token = await (await newToken(url, { [TTL]: '60' })).text();
    const status = async (headers: Record<string, string>) => (await fetch(item, { headers })).status;
    expect(await status({})).toBe(401);
    expect(await status({ 'x-aws-ec2-metadata-token': 'made up' })).toBe(401);
    expect(await status({ 'x-aws-ec2-metadata-token': token })).toBe(200);
    now += 60_000;
    expect(await status({ 'x-aws-ec2-metadata-token': token })).toBe(401);
  });

  it.each([
    ['without a time', 400, {}],
    ['for no time', 400, { [TTL]: '0' }],
    ['for more than six hours', 400, { [TTL]: '21601' }],
    ['through a proxy', 403, { [TTL]: '60', 'x-forwarded-for': '10.0.0.1' }],
  ])('is not to be had %s', async (_name, status, headers) => {
    const { url } = await start();
    expect((await newToken(url, headers)).status).toBe(status);
  });
});
