export interface ProductSettings {
  /** What the shop holds when it starts for the first time. */
  readonly seed: 'demo' | 'none';
}
