"""The words that host names, paths, services and messages are put together from."""

from __future__ import annotations

_ADJECTIVES = (
    "amber ancient arctic autumn blue bold brass brave bright broad calm cedar "
    "clever coastal copper coral crisp curious daily deep distant dusty early east "
    "eager electric elm fair famous fast fern field fine first flying fresh gentle "
    "giant gold golden grand granite green grey happy harbor hidden high hollow "
    "honest indigo iron ivory jade jolly keen kind large late lemon light lively "
    "local long lucky lunar maple mellow merry midnight mild misty modern morning "
    "narrow neat new noble north oak ocean olive open orange pale paper pearl pine "
    "plain polar prime proud pure quick quiet rapid red river robust rosy royal "
    "rustic sandy scarlet secret sharp silent silver simple slow small smart snowy "
    "soft solar solid south spare spring square steady stone stormy sunny swift "
    "tall tidy tiny topaz urban vast velvet violet vivid warm west white wide wild "
    "willow winter wise young"
)

_NOUNS = (
    "acorn almanac anchor apple apron arrow atlas attic badge badger bakery barn "
    "basket beacon bench bicycle blanket boat book boot bottle bridge brook brush "
    "bucket button cabin camera candle canvas carpet castle cellar chair chapel "
    "cherry clock cloud coat coffee compass cottage cradle crane cup curtain desk "
    "dial door drum eagle engine envelope falcon farm fence ferry fiddle finch "
    "flask fleet flute forest forge fountain fox garden gate glove grain guitar "
    "hammer hammock hat hedge helmet heron hill honey horn island jacket jar kettle "
    "kitchen kite knot ladder lagoon lamp lantern leaf ledger lemon lens library "
    "lighthouse lock loom mantle map market marble meadow mill mirror moss needle "
    "nest notebook orchard organ otter oven paddle pantry pencil pepper piano "
    "pillow pitcher plane planet plate plum pocket pond porch pot press puzzle "
    "quarry quill radio raft rail raven reed ribbon ridge ring robin rocket roof "
    "rope saddle sail salt school scarf shelf shell ship shoe shop shovel signal "
    "sketch sled spoon spruce stable stamp star station stove studio summit swan "
    "table tea tent thimble thread tile timber toast tower trail train tram tray "
    "tree trumpet tulip tunnel umbrella valley vase vault village violin wagon "
    "walnut watch wheel whistle window wool workshop yarn"
)

_VERBS = (
    "add apply archive assign book browse build cancel check choose close collect "
    "compare confirm copy create deliver draw edit enable export fetch find follow "
    "import invite join launch learn list load make merge move open order pack plan "
    "play post preview print publish read refresh register remove rename renew "
    "reply report reserve reset restore return review save search send share sort "
    "start stop submit subscribe sync track train travel update upload verify view "
    "visit watch write"
)

ADJECTIVES = tuple(_ADJECTIVES.split())
NOUNS = tuple(_NOUNS.split())
VERBS = tuple(_VERBS.split())
