const OPEN_PATH = new RegExp(
  String.raw`(^|/)(auth|login|sign-?(in|up)|register|sessions?|token|refresh|health\w*|livez|` +
    String.raw`readyz|live|ready|ping|metrics|docs|swagger|openapi\.json|\.well-known|public|webhooks?|` +
    String.raw`favicon\.ico)(/|$|\*)`,
  'i',
);

/** Whether a path is one that everybody may ask by its nature: signing in, probes, documentation. */
export const isOpenByNature = (path: string): boolean => OPEN_PATH.test(path);
