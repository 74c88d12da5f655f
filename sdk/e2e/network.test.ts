import { startChromium } from './chromium.ts';
import { scenarios } from './scenarios.ts';

scenarios(startChromium);
