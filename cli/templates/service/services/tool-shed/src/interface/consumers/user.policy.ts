import { UserErased } from '@ashlar/contracts/user';
import { on } from '@ashlar/messaging';
import type { ToolShedApplication } from '../../application/tool-shed.application.ts';

/** Whenever a user has left, nothing of theirs stays here. */
export const userPolicy = ({ eraseOwner }: ToolShedApplication) => [
  on(UserErased, ({ data }) => eraseOwner.execute(data)),
];
