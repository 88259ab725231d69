// Emmett: one event to a new stream for every command. See ../README.md for what is said to the bench.
import { createInterface } from 'node:readline';
import { randomUUID } from 'node:crypto';
import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql';
import pg from 'pg';

const [url, concurrent, milliseconds] = process.argv.slice(2);
const CONNECTIONS = 10;
const REASON =
  'Counted by hand in the yearly stocktaking: one piece had been put away on the shelf of another product, ' +
  'was found there, brought back to its own place, and is entered again here.';

const event = () => ({
  type: 'StockAdjusted',
  data: { warehouse: 'seoul', delta: 1, reason: REASON },
  metadata: {
    eventId: randomUUID(),
    commandId: randomUUID(),
    correlationId: randomUUID(),
    principal: 'operator-7',
    occurredAt: new Date().toISOString(),
  },
});

const pool = new pg.Pool({ connectionString: url, max: CONNECTIONS });
const store = getPostgreSQLEventStore(url, { connectionOptions: { pool } });
await store.schema.migrate();

const lines = createInterface({ input: process.stdin });
console.log('ready');
await new Promise((resolve) => lines.once('line', resolve));
lines.close();

const latenciesUs = [];
let afterDeadline = 0;
const deadline = performance.now() + Number(milliseconds);

const work = async () => {
  for (let began = performance.now(); began < deadline; began = performance.now()) {
    await store.appendToStream(`inventory-${randomUUID()}`, [event()], {
      expectedStreamVersion: 'STREAM_DOES_NOT_EXIST',
    });
    const ended = performance.now();
    latenciesUs.push(Math.round((ended - began) * 1000));
    if (ended > deadline) afterDeadline += 1;
  }
};
await Promise.all(Array.from({ length: Number(concurrent) }, work));
process.stdout.write(JSON.stringify({ latenciesUs, afterDeadline }));
await store.close();
await pool.end();
