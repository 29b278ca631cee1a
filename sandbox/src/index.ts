export { Fault, SandboxFaults } from './faults.ts';
export { type Sandbox, type SandboxOptions, SandboxReport, startSandbox } from './sandbox.ts';
