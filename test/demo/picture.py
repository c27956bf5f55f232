"""Draws the demonstration's network as SVG: public servers, homes and their routers, and the paths between
them."""

from dataclasses import dataclass, field
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 1120, 620
FONT = "font-family=\"'DejaVu Sans', Verdana, Helvetica, sans-serif\""
INK, FAINT, LINE = "#1d2733", "#5b6b7b", "#c3ced9"
SKY, HOME, PAPER = "#edf3fa", "#fbf6ec", "#ffffff"
COLORS = {"direct": "#1a7f37", "spray": "#6f42c1", "relay": "#c2410c"}

INTERNET = (30, 92, WIDTH - 60, 150)
SERVER_Y, SERVER_W, SERVER_H = 134, 250, 76
HOME_Y, HOME_W, HOME_H = 436, 242, 108
ROUTER_W, ROUTER_H = 202, 56
ARC = 92  # how high a path rises above the routers it joins
LABEL_W, LABEL_H = 196, 48


@dataclass
class Server:
    name: str
    roles: str
    address: str
    x: float = 0


@dataclass
class Home:
    """A router, and the node behind it."""

    name: str
    node_id: str
    nat: str
    address: str
    x: float = 0


@dataclass
class Path:
    """Between two homes, by their names. `kind`: a key of COLORS. The labels are two short lines."""

    ends: tuple
    kind: str
    labels: tuple
    via: str = None  # the server that relays
    first_via: str = None  # the one that did before the direct path was there


@dataclass
class Picture:
    title: str
    subtitle: str
    servers: list
    homes: list
    paths: list
    parts: list = field(default_factory=list)

    def svg(self):
        self._place()
        self._text(30, 44, self.title, 24, bold=True)
        self._text(30, 70, self.subtitle, 14, FAINT)
        self._rect(*INTERNET, SKY, radius=18)
        self._text(48, 116, "the internet", 14, FAINT)
        for home in self.homes:
            left = home.x - HOME_W / 2
            self._rect(left, HOME_Y, HOME_W, HOME_H, HOME, LINE, radius=12)
            self._line((home.x, HOME_Y - ROUTER_H / 2), (home.x, self._server_bottom() + 32), LINE, 2, "2 5")
        for path in self.paths:
            self._path_line(path)
        for server in self.servers:
            self._server(server)
        for home in self.homes:
            self._home(home)
        for path in self.paths:
            self._path_label(path)
        self._legend()
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
            f'viewBox="0 0 {WIDTH} {HEIGHT}" {FONT}>\n<title>{escape(self.title)}</title>\n'
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{PAPER}"/>\n'
        )
        return head + "\n".join(self.parts) + "\n</svg>\n"

    def _place(self):
        for row, margin in ((self.servers, 190), (self.homes, 0)):
            room = (WIDTH - 60 - 2 * margin) / len(row)
            for number, one in enumerate(row):
                one.x = 30 + margin + room * (number + 0.5)

    def _home_named(self, name):
        return next(home for home in self.homes if home.name == name)

    def _server_named(self, name):
        return next(server for server in self.servers if server.name == name)

    def _ends(self, path):
        """Where it leaves the two routers, the left one first: on the sides that face each other."""
        left, right = sorted((self._home_named(name) for name in path.ends), key=lambda home: home.x)
        top = HOME_Y - ROUTER_H / 2
        return (left.x + ROUTER_W / 4, top), (right.x - ROUTER_W / 4, top)

    @staticmethod
    def _server_bottom():
        return SERVER_Y + SERVER_H

    def _path_line(self, path):
        (x1, y1), (x2, y2) = self._ends(path)
        color = COLORS[path.kind]
        relay = path.via or path.first_via
        if relay:
            width, dash = (3, "9 6") if path.via else (1.4, "2 5")
            server = self._server_named(relay)
            for x, y, side in ((x1, y1, -1), (x2, y2, 1)):
                # To the server's lower edge, not all to one point.
                offset = side * 18 + (path_number(self.paths, path) - 1) * 60
                bottom = self._server_bottom()
                end = (server.x + offset, bottom)
                self._curve((x, y), (x, y - 60), (end[0], bottom + 60), end, color, width, dash)
        if path.kind != "relay":
            self._curve((x1, y1), (x1, y1 - ARC), (x2, y2 - ARC), (x2, y2), color, 4)

    def _path_label(self, path):
        (x1, y1), (x2, _) = self._ends(path)
        middle, top = (x1 + x2) / 2, y1 - ARC * 0.75
        color = COLORS[path.kind]
        left, above, radius = middle - LABEL_W / 2, top - LABEL_H / 2, LABEL_H / 2
        self._rect(left, above, LABEL_W, LABEL_H, PAPER, color, radius)
        for number, label in enumerate(path.labels):
            y = top - 4 + number * 18
            self._text(middle, y, label, 14 if number == 0 else 12.5, color, bold=number == 0, middle=True)

    def _server(self, server):
        left = server.x - SERVER_W / 2
        self._rect(left, SERVER_Y, SERVER_W, SERVER_H, PAPER, "#7f93a8", radius=10)
        self._text(server.x, SERVER_Y + 26, server.name, 16, bold=True, middle=True)
        self._text(server.x, SERVER_Y + 46, server.roles, 13, FAINT, middle=True)
        self._text(server.x, SERVER_Y + 64, server.address, 12.5, FAINT, middle=True)

    def _home(self, home):
        top = HOME_Y - ROUTER_H / 2
        self._rect(home.x - ROUTER_W / 2, top, ROUTER_W, ROUTER_H, INK, radius=8)
        self._text(home.x, top + 24, home.nat, 14, PAPER, bold=True, middle=True)
        self._text(home.x, top + 43, f"router, {home.address}", 12.5, "#c9d6e3", middle=True)
        self._text(home.x, HOME_Y + 66, home.name, 18, bold=True, middle=True)
        self._text(home.x, HOME_Y + 90, home.node_id, 12.5, FAINT, middle=True)

    def _legend(self):
        items = (
            ("direct", "direct, by a punched hole", 4, None),
            ("spray", "direct, by spraying ports", 4, None),
            ("relay", "through a relay", 3, "9 6"),
        )
        x, y = 50, HEIGHT - 40
        for kind, words, width, dash in items:
            self._line((x, y - 4), (x + 40, y - 4), COLORS[kind], width, dash)
            self._text(x + 50, y, words, 13, FAINT)
            x += 82 + 7.6 * len(words)
        self._line((x, y - 4), (x + 40, y - 4), FAINT, 1.4, "2 5")
        self._text(x + 50, y, "relayed at first", 13, FAINT)

    def _text(self, x, y, text, size, color=INK, bold=False, middle=False):
        weight = ' font-weight="bold"' if bold else ""
        anchor = ' text-anchor="middle"' if middle else ""
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{color}"{weight}{anchor}>'
            f"{escape(text)}</text>"
        )

    def _rect(self, x, y, width, height, fill, stroke="none", radius=0):
        self.parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{radius}" '
            f'fill="{fill}" stroke="{stroke}" stroke-width="1.5"/>'
        )

    def _line(self, start, end, color, width, dash=None):
        self._stroke(f"M {start[0]:.1f} {start[1]:.1f} L {end[0]:.1f} {end[1]:.1f}", color, width, dash)

    def _curve(self, start, first, second, end, color, width, dash=None):
        points = ", ".join(f"{x:.1f} {y:.1f}" for x, y in (first, second, end))
        self._stroke(f"M {start[0]:.1f} {start[1]:.1f} C {points}", color, width, dash)

    def _stroke(self, shape, color, width, dash):
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(
            f'<path d="{shape}" fill="none" stroke="{color}" stroke-width="{width}" '
            f'stroke-linecap="round"{dashes}/>'
        )


def path_number(paths, path):
    return next(number for number, one in enumerate(paths) if one is path)


def draw(file, title, subtitle, servers, homes, paths):
    """Writes the picture there."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(Picture(title, subtitle, servers, homes, paths).svg())
