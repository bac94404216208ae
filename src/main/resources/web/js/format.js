// Numbers, sizes and times as people read them, and back.

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];
const NONE = '–';

export function bytes(value) {
  if (value === null || value === undefined) return NONE;
  let unit = 0;
  let number = value;
  while (number >= 1024 && unit < UNITS.length - 1) {
    number /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || number >= 100 || Number.isInteger(number) ? 0 : number >= 10 ? 1 : 2;
  return `${number.toFixed(digits)} ${UNITS[unit]}`;
}

/** The whole number, for titles. */
export function exactly(value) {
  return value === null || value === undefined ? 'unknown' : `${value.toLocaleString('en')} bytes`;
}

export function rate(bytesPerSecond) {
  return bytesPerSecond === null || bytesPerSecond === undefined ? NONE : `${bytes(bytesPerSecond)}/s`;
}

export function limit(speed) {
  return speed === 0 ? 'no limit' : rate(speed);
}

/** Never 100 % before it is all, nor 0 % once something is there. */
export function percent(share) {
  if (share === null || share === undefined) return NONE;
  const value = share * 100;
  if (value === 0 || value === 100) return `${value} %`;
  return `${Math.min(99.9, Math.max(0.1, value)).toFixed(1)} %`;
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined) return NONE;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86400)} d ${Math.round((seconds % 86400) / 3600)} h`;
}

/** Of a latency. */
export function shortTime(seconds) {
  if (seconds === null || seconds === undefined) return NONE;
  if (seconds < 0.001) return `${Math.round(seconds * 1e6)} µs`;
  if (seconds < 1) return `${(seconds * 1e3).toPrecision(seconds < 0.1 ? 2 : 3)} ms`;
  return `${seconds.toPrecision(3)} s`;
}

export function when(instant) {
  return instant ? new Date(instant).toLocaleString('sv-SE') : NONE;
}

export function clock(instant) {
  return new Date(instant).toLocaleTimeString('en-GB');
}

export function count(number, one, many = `${one}s`) {
  return `${number.toLocaleString('en')} ${number === 1 ? one : many}`;
}

const FACTORS = {b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4, p: 1024 ** 5};

/**
 * "10 GiB", "10G" or "10737418240" as bytes. What is no size is handed on as it is written, for the service to say
 * what is wrong with it.
 */
export function parseSize(text) {
  const match = /^([0-9]+(?:\.[0-9]+)?)\s*(?:([kmgtp])(?:i?b)?|b|bytes)?$/i.exec(text.trim());
  if (!match) return text.trim();
  const value = Number(match[1]) * FACTORS[(match[2] ?? 'b').toLowerCase()];
  return Number.isInteger(value) ? value : Math.round(value);
}
