using Cube.Simulator.Generation;

namespace Cube.Simulator.Rows;

/// <summary>A campaign with the customers it calls, as one request sees them.</summary>
internal sealed record CampaignView(Campaign Campaign, CustomerTable Customers, CustomerState State)
{
    public Assignment Assignment => Campaign.Assignment;
}
