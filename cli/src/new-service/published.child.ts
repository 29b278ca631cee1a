import { documentOf, formats } from '../contracts/baseline.ts';
import { describeSystem } from '../contracts/describe-system.ts';
import { documentText } from '../contracts/document-text.ts';
import { eventFlowPage } from '../diagram/event-flow-page.ts';

/** Prints what a service publishes, and who says what to whom since it is there; its code was not there before. */
const [, , name] = process.argv;
const services = await describeSystem();
const service = services.find((one) => one.service === name);
if (!service) throw new Error(`There is no service ${name}.`);
const documents = formats.map((format) => [
  `contracts/baseline/${name}.${format}.json`,
  documentText(documentOf(service, format)),
]);
console.log(JSON.stringify({ ...Object.fromEntries(documents), 'docs/event-flow.md': eventFlowPage(services) }));
