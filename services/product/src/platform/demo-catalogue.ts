import type { Catalogue } from '../application/use-cases/seed-catalogue.use-case.ts';

/** SKU, name, price in US cents, description. */
type Line = readonly [sku: string, name: string, cents: number, description: string];

const CATEGORIES: Readonly<Record<string, readonly Line[]>> = {
  Kitchen: [
    ['KIT-MUG-350', 'Stoneware mug', 1_450, 'Holds 350 ml, keeps warm in both hands, and goes into the dishwasher.'],
    ['KIT-PAN-28', 'Cast-iron skillet', 4_990, 'A pre-seasoned 28 cm pan for every hob, oven and campfire.'],
    ['KIT-KNF-20', 'Chef’s knife', 8_900, 'A 20 cm blade of high-carbon steel with a balanced walnut handle.'],
    [
      'KIT-BRD-OAK',
      'Oak cutting board',
      3_600,
      'End-grain oak, oiled, with a groove that keeps the juice on the board.',
    ],
    ['KIT-GRN-HND', 'Hand coffee grinder', 6_250, 'Steel burrs with 36 clicks between espresso and French press.'],
    ['KIT-KET-GSN', 'Gooseneck kettle', 7_400, 'Pours slowly and exactly; heats one litre and holds its temperature.'],
  ],
  Office: [
    ['OFF-LMP-LED', 'Desk lamp', 5_900, 'Warm to cold light without flicker, on an arm that stays where it is put.'],
    [
      'OFF-NBK-A5',
      'Dotted notebook',
      1_290,
      '192 numbered pages of 100 g paper that fountain pens do not bleed through.',
    ],
    ['OFF-PEN-FTN', 'Fountain pen', 3_400, 'A steel nib, fine, with a converter and two cartridges of blue ink.'],
    ['OFF-KBD-75', 'Mechanical keyboard', 12_900, 'A compact 75 % layout with quiet switches that can be swapped.'],
    ['OFF-STD-ALU', 'Laptop stand', 4_500, 'Folded aluminium that lifts a screen to the height of the eyes.'],
    [
      'OFF-CHR-MSH',
      'Mesh office chair',
      28_900,
      'Supports the lower back, breathes, and can be adjusted in seven ways.',
    ],
  ],
  Outdoor: [
    [
      'OUT-TNT-2P',
      'Two-person tent',
      21_900,
      'Stands up in five minutes, weighs 1.9 kg, and keeps out a night of rain.',
    ],
    ['OUT-BAG-45', 'Hiking backpack', 13_900, '45 litres, with a frame that carries the weight on the hips.'],
    ['OUT-BTL-1L', 'Insulated bottle', 2_990, 'One litre of tea stays hot for twelve hours, water cold for a day.'],
    ['OUT-STV-GAS', 'Gas camping stove', 4_790, 'Folds into a pocket and boils half a litre in three minutes.'],
    ['OUT-HDL-400', 'Headlamp', 3_950, '400 lumens, a red light for the night, charged by USB-C.'],
    ['OUT-HAM-DBL', 'Double hammock', 4_200, 'Parachute nylon for two, with straps that leave no mark on the trees.'],
  ],
  Audio: [
    [
      'AUD-HPH-ANC',
      'Noise-cancelling headphones',
      19_900,
      'Thirty hours of silence or music, and clear calls in the street.',
    ],
    ['AUD-SPK-BLT', 'Bluetooth speaker', 8_400, 'Fills a kitchen, survives a pool, and plays for fifteen hours.'],
    [
      'AUD-TRN-BLT',
      'Belt-drive turntable',
      24_900,
      'Plays 33 and 45 with a built-in preamplifier and a replaceable needle.',
    ],
    [
      'AUD-MIC-USB',
      'USB microphone',
      9_900,
      'A cardioid condenser microphone for voices, with a mute that one can feel.',
    ],
    [
      'AUD-EAR-WRD',
      'Wired in-ear monitors',
      5_400,
      'Two drivers a side, a cable that comes off, and four sizes of tips.',
    ],
    ['AUD-RAD-DAB', 'Kitchen radio', 7_900, 'DAB+ and FM behind a wooden front, with one knob for everything.'],
  ],
};

const CURRENCY = 'USD';

/** The ids are the same in every installation. */
const idOf = (number: number): string => `01900000-0000-7000-8000-${String(number).padStart(12, '0')}`;

export const demoCatalogue: Catalogue = {
  name: 'demo',
  products: Object.entries(CATEGORIES)
    .flatMap(([category, lines]) => lines.map((line) => [category, ...line] as const))
    .map(([category, sku, name, amount, description], index) => {
      return { id: idOf(index + 1), sku, name, description, category, price: { amount, currency: CURRENCY } };
    }),
};

/** For whoever gives them their stock. */
export const demoProducts: readonly { readonly id: string; readonly sku: string }[] = demoCatalogue.products.map(
  ({ id, sku }) => ({ id, sku }),
);
