/** Words of a pet's name: short, lower case, kind, easy to say. */
export const adverbs = words(`
  always boldly calmly deftly easily fairly gently happily keenly lightly merrily nimbly openly proudly quietly
  rarely safely softly sweetly swiftly tidily truly utterly vividly warmly wisely`);

export const adjectives = words(`
  amber azure bold brave bright busy calm clever cosy crisp curious dapper eager early fluffy gentle glad golden
  happy hazel honest humble jolly keen kind lively lucky mellow merry mighty modest neat nimble noble patient
  plucky polite proud quick quiet rosy rustic sandy shiny silver sleepy snowy sunny swift tender tidy velvet warm
  windy witty young zesty`);

export const animals = words(`
  alpaca badger beaver bison bluebird camel capybara cat chamois cricket curlew deer dolphin dormouse duck egret
  falcon ferret finch fox gecko goose hamster hare hedgehog heron ibex jackdaw koala lark lemur llama lynx marmot
  marten mole moose newt nuthatch ocelot orca osprey otter owl panda penguin pony puffin quail rabbit raven robin
  salmon seal sparrow squirrel starling stork swan tapir tern toad trout turtle vole walrus weasel whale wombat
  woodpecker wren yak zebra`);

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}
