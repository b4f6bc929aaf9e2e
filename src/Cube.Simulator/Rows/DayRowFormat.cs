using System.Text.Json;
using Cube.Simulator.Generation;

namespace Cube.Simulator.Rows;

/// <summary>Writes the members of a day's row.</summary>
internal delegate void DayRowFormat(Utf8JsonWriter json, DayRow row, CampaignView view);
