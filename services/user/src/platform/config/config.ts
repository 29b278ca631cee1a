import type { Administrator } from '../../application/use-cases/ensure-administrator.use-case.ts';

export interface UserSettings {
  /** The administrator that there is to be; none is made without it. */
  readonly admin?: Administrator;
  readonly issuer?: string;
  readonly audience?: string;
  readonly accessTokenSeconds?: number;
  readonly refreshTokenSeconds?: number;
}

const DAY_SECONDS = 86_400;

export const withDefaults = (settings: UserSettings) => ({
  issuer: 'ashlar',
  audience: 'ashlar',
  accessTokenSeconds: 900,
  refreshTokenSeconds: 30 * DAY_SECONDS,
  ...settings,
});

export type CompleteUserSettings = ReturnType<typeof withDefaults>;
