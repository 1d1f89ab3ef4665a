// Receives Trailseal's webhooks, behind whatever ends TLS: SECRET=whsec_… PORT=8080 node webhook-receiver.mjs
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const key = Buffer.from(process.env.SECRET.replace('whsec_', ''), 'base64');
const seen = new Set();
createServer(async (request, response) => {
  const body = Buffer.concat(await Array.fromAsync(request)).toString();
  const [id, time, given = ''] = ['id', 'timestamp', 'signature'].map(
    (name) => request.headers[`webhook-${name}`],
  );
  const digest = createHmac('sha256', key).update(`${id}.${time}.${body}`).digest('base64');
  const pair = [`v1,${digest}`, given].map((text) => createHmac('sha256', key).update(text).digest());
  const isFresh = Math.abs(Date.now() / 1_000 - Number(time)) < 300;
  if (!timingSafeEqual(pair[0], pair[1]) || !isFresh) return response.writeHead(401).end();
  // The same notification may come twice.
  if (!seen.has(id)) console.log(JSON.parse(body).subject);
  seen.add(id);
  response.writeHead(204).end();
}).listen(Number(process.env.PORT), '127.0.0.1');
