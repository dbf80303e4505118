from heatmaps.loading.columns import EVENTS
from heatmaps.management.load_command import LoadCommand


class Command(LoadCommand):
    help = "Load events, which the test-account and event filters look at."
    table = EVENTS
