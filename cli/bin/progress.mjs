const FRAMES = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';
const QUICK_MS = 400;
const PLAIN_EVERY_MS = 15_000;

/** Shows on standard error what takes long, with the seconds that it has taken; what is quick is not mentioned. */
export async function withProgress(title, work) {
  const began = performance.now();
  const seconds = () => Math.round((performance.now() - began) / 1000);
  const show = process.stderr.isTTY ? spinner(title, seconds) : lines(title, seconds);
  try {
    const result = await work();
    show.end(`${title}: done in ${seconds()} s`);
    return result;
  } catch (error) {
    show.end(`${title}: failed after ${seconds()} s`);
    throw error;
  }
}

function spinner(title, seconds) {
  let frame = 0;
  const draw = () => process.stderr.write(`\r\x1b[K${FRAMES[frame++ % FRAMES.length]} ${title} … ${seconds()} s`);
  const ticking = after(QUICK_MS, draw, 100);
  return { end: (line) => ticking.stop() && process.stderr.write(`\r\x1b[K${line}\n`) };
}

function lines(title, seconds) {
  let said = 0;
  const say = () => process.stderr.write(said++ === 0 ? `${title} …\n` : `${title} … ${seconds()} s\n`);
  const ticking = after(QUICK_MS, say, PLAIN_EVERY_MS);
  return { end: (line) => ticking.stop() && process.stderr.write(`${line}\n`) };
}

/** Calls after a while and then again and again; `stop` tells whether it ever did. */
function after(delay, call, every) {
  let interval;
  const timeout = setTimeout(() => {
    call();
    interval = setInterval(call, every);
  }, delay);
  return {
    stop() {
      clearTimeout(timeout);
      clearInterval(interval);
      return interval !== undefined;
    },
  };
}
