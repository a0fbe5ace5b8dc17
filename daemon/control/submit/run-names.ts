import { randomInt } from 'node:crypto';
import type { Store } from '../../store/store.ts';

const adjectives =
  'agile amber ample azure bold brave bright brisk calm candid careful chatty cheerful clever cool copper coral cosy crisp curious daring deft eager early earnest easy fair fancy fast fine fluffy fond frank fresh friendly gentle giddy glad golden good grand great green handy happy hardy honest humble icy jolly keen kind large late light little lively loud lucky lush mellow merry mighty mild misty modest neat new nice nimble noble odd orange patient peachy plain polite proud purple quick quiet rapid ready red rosy round rustic sandy serious shiny short shy silent silver slim small smart smooth snowy soft spicy steady still strong sunny swift tall tidy tiny tough true vast vivid warm wise witty young zesty'.split(
    ' ',
  );
const animals =
  'ant badger bat bear beaver bee beetle bison bobcat camel cat cheetah chipmunk cobra cow coyote crab crane cricket crow deer dingo dog dolphin donkey dragonfly duck eagle eel elk emu falcon ferret finch firefly fish fox frog gazelle gecko gibbon goat goose gopher gull hare hawk hedgehog heron hippo horse ibex iguana impala jackal jaguar jay kiwi koala lark lemur leopard lion lizard llama lobster lynx macaw magpie marmot mink mole moose moth mouse mule newt octopus orca oryx otter owl ox panda parrot pelican penguin pigeon pony puffin puma quail rabbit raccoon raven robin salmon seal shark sheep shrimp skunk sloth snail snake sparrow spider squid stork swan swift tapir tiger toad trout turkey turtle walrus wasp weasel whale wolf wombat yak zebra'.split(
    ' ',
  );

/** A new run's name: two words, and its number within them. In a transaction with the run's insertion. */
export function newRunName(store: Pick<Store, 'runs'>): string {
  const pair = `${adjectives[randomInt(adjectives.length)]}-${animals[randomInt(animals.length)]}`;
  return `${pair}-${store.runs.nextNumber(pair)}`;
}
