import { Office, type OfficeOptions } from './office.fixtures.ts';

// A replica in a process of its own, for the tests that stop and kill it; it ends with its parent.
process.on('disconnect', () => process.exit(0));
const office = await Office.open(JSON.parse(process.env['OFFICE']!) as OfficeOptions);
process.on('SIGTERM', () => void office.close().then(() => process.exit(0)));
process.send!('open');
