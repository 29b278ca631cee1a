export const MOST_REPLICAS = 16;

/** Reads `order=2`, `payment=3`; nothing where one of them is not as it should be. */
export function parseCounts(
  words: readonly string[],
  services: readonly string[],
  most: number = MOST_REPLICAS,
): Readonly<Record<string, number>> | undefined {
  const counts = words.map((word) => {
    const [service = '', count = '', ...rest] = word.trim().split('=');
    const isRight = services.includes(service) && /^\d{1,3}$/.test(count) && rest.length === 0;
    return isRight && Number(count) >= 1 && Number(count) <= most ? ([service, Number(count)] as const) : undefined;
  });
  const found = counts.filter((one) => one !== undefined);
  const isWhole = found.length === words.length && new Set(found.map(([service]) => service)).size === words.length;
  return isWhole ? Object.fromEntries(found) : undefined;
}
