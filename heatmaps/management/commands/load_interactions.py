from heatmaps.loading.columns import INTERACTIONS
from heatmaps.management.load_command import LoadCommand


class Command(LoadCommand):
    help = "Load interactions: clicks, moves and scroll depths with their place on the page."
    table = INTERACTIONS
