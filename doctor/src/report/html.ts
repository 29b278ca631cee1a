import type { Diagnosis, Finding, Score } from '../diagnosis.ts';
import { counted } from './counted.ts';
import { escaped } from './escaped.ts';
import { drawing } from './map-drawing.ts';

const WORDS: Readonly<Record<Score['status'], string>> = {
  holds: 'holds',
  broken: 'broken',
  doubtful: 'doubtful',
  unknown: 'not judged',
};

/** One page that needs nothing else: scores, service map, findings, and what could not be judged. */
export function htmlReport(diagnosis: Diagnosis): string {
  const { findings, unknown, accepted, scores, services, layout, map } = diagnosis;
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const marked = new Set(findings.flatMap(({ subject }) => subject.split(', ')));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Architecture report</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>Architecture report</h1>
<p>${counted(errors, 'error')}, ${counted(findings.length - errors, 'warning')}
in ${services.length} services and gateways
(${escaped(layout)}): ${escaped(services.join(', '))}</p>
</header>
<main>
<section aria-label="Scores"><h2>Checklist and anti-patterns</h2>
<ul class="scores">${scores.map(scoreCard).join('\n')}</ul></section>
<section aria-label="Service map"><h2>Service map</h2>
<p class="legend"><span class="calls">waits for</span> <span class="messages">tells by messages</span>
<span class="stores">keeps data in</span> <span class="mark">has findings</span></p>
<div class="map">${drawing(map, marked)}</div></section>
<section aria-label="Findings"><h2>Findings</h2>
${findings.length === 0 ? '<p>Nothing was found.</p>' : findings.map(article).join('\n')}</section>
<section aria-label="Not judged"><h2>Not judged, and so not passed</h2>${list(unknown.map(describeUnknown))}</section>
<section aria-label="Accepted"><h2>Accepted</h2>${list(accepted.map(describeAccepted))}</section>
</main>
</body>
</html>
`;
}

const describeUnknown = ({ rule, subject, why }: Diagnosis['unknown'][number]): string =>
  `<b>${escaped(rule)}</b> ${escaped(subject)}: ${escaped(why)}`;

const describeAccepted = ({ what, reason }: Diagnosis['accepted'][number]): string =>
  `${escaped(what)}. <i>${escaped(reason)}</i>`;

const scoreCard = ({ status, title, score, judged, isAntiPattern, findings }: Score): string => {
  const figure = isAntiPattern
    ? findings === 0
      ? 'not found'
      : `${findings}×`
    : score === undefined
      ? `${findings}×`
      : `${score} %`;
  const shown = status === 'unknown' ? '–' : figure;
  const of = judged === 0 && findings > 0 ? '' : `, ${judged} judged`;
  return (
    `<li class="${status}"><b>${escaped(title)}</b><span class="figure">${shown}</span><small>` +
    `${WORDS[status]}${of}</small></li>`
  );
};

const article = ({ severity, rule, what, evidence, why, mend, fingerprint }: Finding): string => `
<article class="${severity}" id="${fingerprint}">
<h3>${escaped(what)}</h3>
<p class="rule">${severity} · ${escaped(rule)}</p>
<ul>${evidence.map(placeOf).join('')}</ul>
<p><b>Why</b> ${escaped(why)}</p>
<p><b>Mend</b> ${escaped(mend)}</p>
</article>`;

const placeOf = ({ file, line, text }: Finding['evidence'][number]): string => {
  const place = file === undefined ? '' : `<code>${escaped(`${file}:${line ?? 1}`)}</code> `;
  return `<li>${place}<samp>${escaped(text)}</samp></li>`;
};

const list = (entries: readonly string[]): string =>
  entries.length === 0 ? '<p>Nothing.</p>' : `<ul>${entries.map((entry) => `<li>${entry}</li>`).join('')}</ul>`;

const STYLE = `
:root { color-scheme: light dark; --line: #8885; --bad: #c62828; --doubt: #b26a00; --good: #2e7d32;
--calls: #1565c0; --messages: #2e7d32; --stores: #777 }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 72rem; padding: 1.5rem }
h1 { margin: 0; font-size: 1.6rem } h2 { margin-top: 2.2rem; font-size: 1.2rem } h3 { margin: 0; font-size: 1rem }
.scores { list-style: none; padding: 0; display: grid; gap: .7rem;
grid-template-columns: repeat(auto-fill, minmax(14rem, 1fr)) }
.scores li { border: 1px solid var(--line); border-left: 5px solid var(--stores); border-radius: 6px;
padding: .6rem .8rem; display: flex; flex-direction: column }
.scores .holds { border-left-color: var(--good) } .scores .broken { border-left-color: var(--bad) }
.scores .doubtful { border-left-color: var(--doubt) }
.figure { font-size: 1.5rem; font-variant-numeric: tabular-nums }
small, .rule, .legend { opacity: .75 } .rule { margin: .1rem 0 }
.map { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; padding: .5rem }
svg { max-width: none }
svg text { font: 14px ui-monospace, monospace; text-anchor: middle; fill: currentColor }
.node rect { fill: Canvas; stroke: currentColor } .node.gateway rect { stroke-width: 2.5 }
.node.database rect { stroke: var(--stores) }
.node.marked rect { stroke: var(--bad); stroke-width: 2.5 }
.edge { fill: none; stroke-width: 1.6 } .edge.calls { stroke: var(--calls) }
.edge.messages { stroke: var(--messages); stroke-dasharray: 6 4 } .edge.stores { stroke: var(--stores) }
marker.calls { fill: var(--calls) } marker.messages { fill: var(--messages) } marker.stores { fill: var(--stores) }
.legend .calls { color: var(--calls) } .legend .messages { color: var(--messages) }
.legend .stores { color: var(--stores) } .legend .mark { color: var(--bad) }
.legend span::before { content: '— '; font-weight: bold } .legend .messages::before { content: '╌ ' }
article { border: 1px solid var(--line); border-left: 5px solid var(--doubt); border-radius: 6px;
padding: .8rem 1rem; margin: .8rem 0 }
article.error { border-left-color: var(--bad) } article p { margin: .35rem 0 }
article ul { margin: .4rem 0; padding-left: 1.2rem }
code, samp { font: 13px ui-monospace, monospace; overflow-wrap: anywhere }
`;
