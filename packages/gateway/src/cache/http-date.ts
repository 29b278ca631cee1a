// Dates are written in one case only, but a cache reads them in any (RFC 9111, section 4.2).
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const IMF = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) ([a-z]{3}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT$/i;
const RFC850 = /^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (\d\d)-([a-z]{3})-(\d\d) (\d\d):(\d\d):(\d\d) GMT$/i;
const ASCTIME = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([a-z]{3}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})$/i;

/** A date in one of the three forms of RFC 9110, section 5.6.7, in milliseconds; undefined when it is none. */
export function parseHttpDate(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  const imf = IMF.exec(text);
  if (imf) return utc([imf[3], imf[2], imf[1], imf[4], imf[5], imf[6]]);
  const asc = ASCTIME.exec(text);
  if (asc) return utc([asc[6], asc[1], asc[2], asc[3], asc[4], asc[5]]);
  const old = RFC850.exec(text);
  return old ? utc([fullYear(Number(old[3]), nowMs), old[2], old[1], old[4], old[5], old[6]]) : undefined;
}

type Part = string | number | undefined;

function utc([year, monthName, day, hours, minutes, seconds]: readonly Part[]): number | undefined {
  const month = MONTHS.indexOf(String(monthName).toLowerCase());
  if (month < 0) return undefined;
  return Date.UTC(Number(year), month, Number(day), Number(hours), Number(minutes), Number(seconds));
}

/** Two digits that would be more than 50 years ahead are of the century before. */
function fullYear(year: number, nowMs: number): number {
  const now = new Date(nowMs).getUTCFullYear();
  const inThisCentury = now - (now % 100) + year;
  return inThisCentury > now + 50 ? inThisCentury - 100 : inThisCentury;
}
